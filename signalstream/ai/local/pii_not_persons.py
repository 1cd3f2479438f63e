"""More words that a model takes for names: what is eaten, measured, paid with, and where countries are.

Words that people bear as names as well (Basil, Olive, Chad, Georgia, Jordan) are left out.
"""

from __future__ import annotations

FOOD = frozenset(
    """
    almond almonds apple apples asparagus avocado avocados bacon bagel bagels banana bananas bbq beans beef beer bread
    breakfast broccoli brownie brownies burger burgers burrito burritos butter cabbage cake cakes candy caramel carrot
    carrots casserole cereal cheese cheeseburger cheesecake chicken chili chips chocolate cinnamon coconut cookie
    cookies corn crab cream cucumber curry dessert donut donuts dough doughnut dumplings egg eggs enchiladas fish flour
    fries fruit garlic granola grape grapes gravy guacamole ham hamburger hamburgers hummus jam jello jelly juice kale
    ketchup lamb lasagna leftovers lemon lemonade lemons lettuce lobster lunch macaroni mango mayo mayonnaise meat
    meatball meatballs meatloaf milk mushroom mushrooms mustard noodles nuts oatmeal oats oil omelet onion onions
    orange oranges oregano oven oyster oysters pancake pancakes paprika parsley pasta peach peaches peanut peanuts pear
    pepper peppers pie pineapple popcorn pork potato potatoes pudding pumpkin quinoa ravioli rice risotto roast salad
    salmon salsa salt sandwich sandwiches sauce sausage sausages scampi seafood shrimp snack snacks soda soup spaghetti
    spice spices spinach steak steaks stew strawberries strawberry stroganoff sugar supper taco tacos tea tofu toast
    tomato tomatoes tortilla tortillas tuna turkey turmeric vegetable vegetables vinegar waffle waffles walnuts
    watermelon wheat wine yogurt zucchini
    """.split()  # noqa: SIM905 - a list of words reads as one
)
MEASURES = frozenset(
    """
    acre acres celsius centimeter centimeters cm cup cups degrees euro euros fahrenheit feet foot gallon gallons gram
    grams hour hours inch inches kg kilogram kilograms kilometer kilometers kilos km krona kronor lb lbs liter liters
    litre litres meter meters metre metres milliliters minutes mph ounce ounces oz pence percent peso pesos
    pint pints pounds quart quarts renminbi ringgit ruble rubles rupee rupees seconds shekel shekels tablespoon
    tablespoons teaspoon teaspoons ton tonnes tons yard yards yen yuan zloty
    """.split()  # noqa: SIM905 - as above
)
COUNTRIES = frozenset(
    """
    afghanistan africa african america american argentina asia asian australia australian austria austrian bangladesh
    belgian belgium bolivia brazil brazilian britain british bulgaria cajun california cambodia canada canadian chile
    china chinese colombia croatia czech denmark dutch egypt england estonia ethiopia europe european finland finnish
    florida france french german germany ghana greece greek guatemala haiti hawaii hungary iceland india indian
    indonesia iran iraq ireland irish italian italy jamaica japan japanese korea korean latin latvia lebanon libya
    lithuania malaysia malta mexican mexico mongolia mongolian morocco myanmar nepal netherlands nigeria norway
    norwegian pakistan panama peru philippines poland polish portugal portuguese qatar romania russia russian scotland
    scottish serbia singapore slovakia slovenia somalia spain sudan sweden swedish swiss switzerland syria taiwan
    tanzania texas thai thailand tunisia turkish uganda uk ukraine uruguay usa venezuela vietnam vietnamese wales yemen
    zambia zimbabwe
    """.split()  # noqa: SIM905 - as above
)
NOT_PERSONS = FOOD | MEASURES | COUNTRIES
