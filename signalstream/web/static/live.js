// The live page: a list of recent conversations, and one of them over its WebSocket.
// Everything that comes from the server is set as text, never as markup. A credential stays in this tab's storage and
// travels in a header or in a socket's first frame, never in an address.

const LIST_EVERY_MS = 3000;
const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const REFUSALS = new Map([[4401, "is not accepted"], [4403, "does not open this conversation"], [4408, "is needed"],
  [4410, "has expired or was revoked"]]);
const STORED = "signalstream-credential";
const at = (id) => document.getElementById(id);
const base = new URL(".", location.href);
const state = { tenant: new URLSearchParams(location.search).get("tenant_id") || "", shown: null, pages: 1, showing: 0,
  credential: sessionStorage.getItem(STORED), asking: false };

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (className) made.className = className;
  return made;
}

function address(path, query = {}) {
  const url = new URL(path, base);
  if (state.tenant) url.searchParams.set("tenant_id", state.tenant);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url;
}

// ---- the credential

function headers() {
  return state.credential ? { Authorization: `Bearer ${state.credential}` } : {};
}

function ask(why) {
  const first = !state.asking;
  state.asking = true;
  at("key-form").hidden = false;
  note("key-note", state.credential ? why : "This deployment wants a credential.");
  if (first) at("key").focus();
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// ---- the list

async function readPages() {
  const rows = [];
  let cursor = null;
  for (let page = 0; page < state.pages; page += 1) {
    const answer = await fetch(address("v1/conversations", { limit: "50", cursor }), { headers: headers() });
    const body = await answer.json();
    if (answer.status === 401 || answer.status === 403) ask(body.detail);
    if (!answer.ok) throw new Error(body.errors?.map((each) => `${each.field} ${each.message}`).join("; ") || body.detail);
    rows.push(...body.conversations);
    cursor = body.next_cursor;
    if (!cursor) break;
  }
  return { rows, more: Boolean(cursor) };
}

async function refreshList() {
  if (state.asking) return;
  const tenant = state.tenant;
  try {
    const { rows, more } = await readPages();
    if (tenant !== state.tenant) return;
    drawList(rows);
    at("more").hidden = !more;
    note("list-note", rows.length ? "" : "None yet.");
  } catch (error) {
    note("list-note", `The list cannot be read: ${error.message}`);
  }
}

function drawList(rows) {
  const focused = document.activeElement?.dataset?.conversation;
  at("list").replaceChildren(...rows.map(listItem));
  if (focused === undefined) return;
  for (const button of at("list").querySelectorAll("button")) if (button.dataset.conversation === focused) button.focus();
}

function listItem(row) {
  const button = element("button");
  button.type = "button";
  button.dataset.conversation = row.conversation_id;
  button.setAttribute("aria-current", String(row.conversation_id === state.shown));
  const facts = [row.urgency, row.intent, row.sentiment, row.has_pii ? "personal data" : null].filter(Boolean);
  button.append(element("strong", row.conversation_id), element("span", facts.join(" · ") || row.completeness));
  if (row.tldr) button.append(element("span", row.tldr));
  button.addEventListener("click", () => {
    location.hash = encodeURIComponent(row.conversation_id);
    at("insight-title").focus();
  });
  const item = element("li");
  item.append(button);
  return item;
}

// ---- one conversation

// The address names the conversation, so that it can be sent to someone and the back button works.
function showNamed() {
  const conversation = decodeURIComponent(location.hash.slice(1));
  if (conversation && conversation !== state.shown) show(conversation);
}

function show(conversation) {
  state.shown = conversation;
  state.showing += 1;
  for (const button of at("list").querySelectorAll("button")) {
    button.setAttribute("aria-current", String(button.dataset.conversation === conversation));
  }
  at("insight-title").textContent = conversation;
  at("insight").replaceChildren(element("p", "Waiting for its insight.", "note"));
  follow(conversation, state.showing);
}

async function follow(conversation, showing) {
  const seen = { id: null };
  let wait = SHORTEST_WAIT_MS;
  while (showing === state.showing) {
    if (state.asking) {
      await pause(LIST_EVERY_MS);
      continue;
    }
    note("link", "Connecting.");
    const opened = await session(conversation, showing, seen);
    if (showing !== state.showing) return;
    wait = opened ? SHORTEST_WAIT_MS : Math.min(2 * wait, LONGEST_WAIT_MS);
    note("link", "The connection was lost; trying again.");
    await pause(wait * (0.5 + Math.random() / 2));
  }
}

function session(conversation, showing, seen) {
  const url = address(`ws/conversations/${encodeURIComponent(conversation)}/stream`, { last_event_id: seen.id });
  url.protocol = url.protocol.replace("http", "ws");
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    let opened = false;
    const watch = setInterval(() => showing !== state.showing && socket.close(), 200);
    socket.addEventListener("open", () => {
      if (state.credential) socket.send(JSON.stringify({ type: "authenticate", token: state.credential }));
    });
    socket.addEventListener("message", (event) => {
      if (showing !== state.showing) return;
      const frame = JSON.parse(event.data);
      if (frame.type === "connected") {
        opened = true;
        note("link", "Live.");
      } else if (frame.type === "intelligence_update") {
        seen.id = frame.id;
        drawInsight(frame.data);
      } else if (frame.type === "erased") {
        seen.id = null;
        at("insight").replaceChildren(element("p", "This conversation was erased.", "note"));
        refreshList();
      }
    });
    socket.addEventListener("close", (event) => {
      clearInterval(watch);
      if (REFUSALS.has(event.code) && showing === state.showing) ask(`The credential ${REFUSALS.get(event.code)}.`);
      resolve(opened);
    });
  });
}

function drawInsight(insight) {
  note("link", `Live: revision ${insight.revision}, as of message ${insight.last_seq}, ${insight.completeness}.`);
  const cards = element("div", null, "cards");
  cards.append(
    card("Sentiment", insight.sentiment, (it) => [
      element("p", `${it.sentiment} · ${it.emotion}`, `large ${it.sentiment}`), element("p", it.reasoning, "note")]),
    card("Intent and urgency", insight.insights, (it) => [
      element("p", it.intent, "large"), element("p", `Urgency ${it.urgency}`, it.urgency),
      ...(it.requires_escalation ? [element("p", "Needs escalation", "Critical")] : []),
      list(it.suggested_actions)]),
    card("Summary", insight.summary, (it) => [element("p", it.tldr), list(it.next_steps)]),
    card("Personal data", insight.pii, (it) => [
      element("p", it.has_pii ? "Found and redacted" : "None found", "large"),
      list([...new Set(it.entities.map((entity) => entity.type))]), element("p", it.redacted_text, "note")]),
    card("Agents", insight.agents, (agents) => [agentTable(agents)]),
  );
  at("insight").replaceChildren(cards);
}

function card(title, part, draw) {
  const made = element("article");
  made.append(element("h3", title), ...(part ? draw(part) : [element("p", "Not there yet.", "note")]));
  return made;
}

function list(items) {
  const made = element("ul");
  made.append(...items.map((item) => element("li", item)));
  return made;
}

function agentTable(agents) {
  const table = element("table");
  for (const [name, agent] of Object.entries(agents)) {
    const row = element("tr");
    const latency = agent.latency_ms === null ? "" : `${agent.latency_ms.toFixed(1)} ms`;
    row.append(element("th", name), element("td", agent.status, agent.status), element("td", agent.engine), element("td", latency));
    if (agent.reason) row.title = agent.reason;
    table.append(row);
  }
  return table;
}

// ---- the rest

function note(id, text) {
  if (at(id).textContent !== text) at(id).textContent = text;
}

at("tenant").value = state.tenant;
at("tenant-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const tenant = at("tenant").value.trim();
  location.search = tenant ? `?tenant_id=${encodeURIComponent(tenant)}` : "";
});
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(STORED, at("key").value.trim());
  location.reload();
});
at("forget").hidden = !state.credential;
at("forget").addEventListener("click", () => {
  sessionStorage.removeItem(STORED);
  location.reload();
});
at("more").addEventListener("click", () => {
  state.pages += 1;
  refreshList();
});
const body = JSON.stringify({ conversation_id: "first-steps", sender: "customer", message: "Where is my order? It is late!" });
at("example").textContent =
  `curl -X POST ${address("v1/messages")} \\\n${state.credential ? "  -H \"Authorization: Bearer $API_KEY\" \\\n" : ""}` +
  `  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
setInterval(() => document.visibilityState === "visible" && refreshList(), LIST_EVERY_MS);
refreshList();
addEventListener("hashchange", showNamed);
showNamed();
