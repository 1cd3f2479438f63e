"""Support messages with the sentiment that a reader finds in them, written for tests; nothing is trained on them."""

from __future__ import annotations

NEGATIVE = """
@northair flight 402 has been sitting on the tarmac for two hours now and no word from the crew
@northair my bag didn't make it to Denver and the desk is closed. great.
Three reps, three different answers. Which one am I supposed to believe?
@citytel been on hold for 50 min and then you hung up on me
you lost my reservation and now I have to sleep at the airport
Your app logs me out every time I try to pay, I can't even check in
@shopmore order was due Monday. It's Friday. Still says "preparing"
I've emailed four times. Not one reply.
so you cancelled the flight and the next one is tomorrow night? thanks for nothing
how is it possible that nobody knows where my suitcase is
@citytel no internet since Sunday and the technician did not show up
Why am I paying for a seat that doesn't recline
My refund was promised within 5 days and it's been a month
the replacement arrived with the same crack in the screen
Really @northair? A $200 change fee because YOU moved the flight?
I will never book with you again
Your agent told me to call back tomorrow because the system was down
wifi on the train is useless, can't send a single email
charged me for a subscription I ended in March
you guys need to train your gate staff, they were so rude to my mother
@bankly card declined abroad again even though I told you I was travelling
food was cold, driver left it at the wrong house
@shopmore sold me a used phone as new
Is anyone ever going to answer your customer service line?
We missed our connection because of your delay and got no hotel
every update makes this app slower
I expected better from a company of this size
@northair 2 of our 3 bags are missing and we've got a wedding tomorrow
waited at home all day for the delivery. nobody came
Tried to reset my password six times and the mail never comes
How do I file a complaint about the way I was treated at the store today?
the coupon you sent me does not work on anything
you overbooked the plane and bumped a family of four
Still waiting for someone to call me back @citytel
can't believe I have to pay for your mistake
Not impressed. The room smelled and the shower was broken
it took 40 minutes to get a simple answer out of the chat
Your website keeps timing out when I try to change my flight
@bankly you blocked my account and won't tell me why
bought it two weeks ago and the battery is already dead
I have been a customer for ten years and this is how you treat me?
please fix this, I've been without heating for four days
Can you please explain why my package is in another country
another delay. what a surprise
nobody at the counter, long line, one person working
You changed my seats without asking and split me from my kids
the worst part is that nobody even apologised
the promised upgrade never came through and now you say it expired
stuck in Chicago overnight, no vouchers, no help
All I get is automated answers, let me talk to a human
""".strip().splitlines()
NEUTRAL = """
@northair do you fly from Boston to Lisbon in March?
what is the baggage allowance for international flights
Can I bring a stroller on board?
@citytel is the new plan available for existing customers
How do I add a second driver to my booking?
just sent you a DM
@shopmore do you ship to Norway
Where can I find my invoice from last month?
my confirmation number is in the message I sent you
What time does the store on 5th street open on Sunday?
@northair which terminal do you use at JFK
I need to change the name on my ticket
Could you tell me if the 3pm flight is on time
Can I pay with two different cards?
I'd like to know how to upgrade my account
when will the spring schedule be released
@bankly does the travel card work in Japan?
Hi, can I pick up my order tomorrow instead of today?
I am flying with you on Tuesday and need to add a bag
ok I will try that and let you know
It's the blue one, size M, ordered on Saturday
please send me the link to the form
Do I need a visa for the stopover in Doha
how many points do I need for a free night
Who do I contact about group bookings?
Is there a student discount?
I moved to a new address and want to update it
@citytel what channels are in the basic package
Are dogs allowed in the cabin?
New route from Oslo to Miami starts in June
we have two adults and one child travelling
Just booked for next week, is online check-in open yet
yes, that is the right email
Does the warranty cover a second owner?
@northair will the lounge be open at 5am
""".strip().splitlines()
POSITIVE = """
@northair thank you! The crew on flight 88 was fantastic
got my bag back within the hour, you guys rock
Big thanks to Maria at the help desk, she sorted everything out
@shopmore fastest delivery ever, love it
All working now, thanks for the quick help
that was the smoothest flight I've had in years
Your support team is awesome
@citytel just wanted to say the technician was so friendly and on time
Thanks, I appreciate the fast reply
so happy with the new phone
well done @bankly, fraud blocked before I even noticed
you made my daughter's birthday. thank you so much
Great service as always
Finally got through and the lady was super helpful
the upgrade was a lovely surprise
Perfect, that answers my question, thank you
I've been with you for ten years and you never let me down
excited for my trip with you tomorrow!
@northair you are the best airline, hands down
wow that was quick, thanks!!
Kudos to the driver who waited for me in the rain
The refund came through today, thanks for sorting it
love the new app, so much easier
Glad I chose you, will definitely book again
you have the nicest staff
@shopmore the gift wrapping was beautiful, thank you
best customer service I have ever had
Thank you for getting us home safely
really impressed with how you handled this
It works! You're a lifesaver
""".strip().splitlines()
LABELLED = tuple(
    (text, label)
    for label, texts in (("negative", NEGATIVE), ("neutral", NEUTRAL), ("positive", POSITIVE))
    for text in texts
)
