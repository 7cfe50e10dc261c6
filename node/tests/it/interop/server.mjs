// A server of another kind: one account, Ada, on Fedify. The test starts it as a process of its own,
// tells it what to do under /control, and reads there what Fedify itself took for proven.
//
// FIRST_KNOCK: the way in which it signs first, "rfc9421" or "draft-cavage-http-signatures-12".
// TAKES: "all", or "rfc9421": it then turns away, unread, what is signed in the older way.

import { createServer } from "node:http";
import {
  createFederation,
  generateCryptoKeyPair,
  MemoryKvStore,
} from "@fedify/fedify";
import {
  Accept,
  Activity,
  Create,
  Delete,
  Endpoints,
  Follow,
  Note,
  Person,
  PUBLIC_COLLECTION,
  Reject,
  Undo,
} from "@fedify/fedify/vocab";

const NAME = "ada";
const firstKnock = process.env.FIRST_KNOCK ?? "rfc9421";
const takes = process.env.TAKES ?? "all";

const keys = [
  await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"),
  await generateCryptoKeyPair("Ed25519"),
];
const followers = new Map();
const heard = [];
const waiting = [];
let scheme = "none";

const federation = createFederation({
  kv: new MemoryKvStore(),
  allowPrivateAddress: true,
  firstKnock,
});

federation
  .setActorDispatcher("/users/{identifier}", async (context, identifier) => {
    if (identifier !== NAME) return null;
    const pairs = await context.getActorKeyPairs(identifier);
    return new Person({
      id: context.getActorUri(identifier),
      preferredUsername: identifier,
      name: "Ada",
      inbox: context.getInboxUri(identifier),
      outbox: context.getOutboxUri(identifier),
      followers: context.getFollowersUri(identifier),
      endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }),
      url: context.getActorUri(identifier),
      publicKey: pairs[0].cryptographicKey,
      assertionMethods: pairs.map((pair) => pair.multikey),
    });
  })
  .setKeyPairsDispatcher((_, identifier) => (identifier === NAME ? keys : []));

federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({
  items: [...followers.values()],
}));

// What reaches a listener was verified by Fedify.
function hear(activity, object) {
  heard.push({
    type: activity.constructor.name,
    id: activity.id?.href,
    actor: activity.actorId?.href,
    object: object ?? activity.objectId?.href,
    scheme,
  });
  for (const wake of waiting.splice(0)) wake();
}

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Follow, async (context, follow) => {
    const follower = await follow.getActor(context);
    followers.set(follower.id.href, follower);
    hear(follow);
    await context.sendActivity(
      { identifier: NAME },
      follower,
      new Accept({
        id: new URL(`/activities/${crypto.randomUUID()}`, context.origin),
        actor: context.getActorUri(NAME),
        object: follow,
      }),
    );
  })
  .on(Accept, (_, accept) => hear(accept))
  .on(Reject, (_, reject) => hear(reject))
  .on(Undo, async (context, undo) => {
    const undone = await undo.getObject(context);
    if (undone instanceof Follow) followers.delete(undo.actorId.href);
    hear(undo, undone?.id?.href);
  })
  .on(Create, async (context, create) => {
    const object = await create.getObject(context);
    hear(create, object instanceof Note ? String(object.content) : object?.id?.href);
  })
  .on(Delete, (_, gone) => hear(gone))
  .on(Activity, (_, activity) => hear(activity));

const control = {
  // What was heard, when it is at least `count` things.
  async heard({ count }) {
    while (heard.length < count) await new Promise((wake) => waiting.push(wake));
    return heard;
  },
  // The machine's time: signatures here follow it.
  now: () => ({ now: new Date().toISOString() }),
  // Finds an actor by its address or handle, as Fedify does, and follows it.
  async follow({ actor }, context) {
    const object = await context.lookupObject(actor);
    const id = new URL(`/activities/${crypto.randomUUID()}`, context.origin);
    const me = context.getActorUri(NAME);
    const follow = new Follow({ id, actor: me, object: object.id, to: object.id });
    await context.sendActivity({ identifier: NAME }, object, follow);
    return { id: id.href, found: object.id.href, name: String(object.name) };
  },
  async undo({ actor, follow }, context) {
    const object = await context.lookupObject(actor);
    const me = context.getActorUri(NAME);
    const undo = new Undo({
      id: new URL(`/activities/${crypto.randomUUID()}`, context.origin),
      actor: me,
      object: new Follow({ id: new URL(follow), actor: me, object: object.id }),
    });
    await context.sendActivity({ identifier: NAME }, object, undo);
    return {};
  },
  // Says something to one actor.
  async create({ actor, content }, context) {
    const object = await context.lookupObject(actor);
    const me = context.getActorUri(NAME);
    const id = new URL(`/activities/${crypto.randomUUID()}`, context.origin);
    const note = new Note({
      id: new URL(`/notes/${crypto.randomUUID()}`, context.origin),
      attribution: me,
      content,
      to: PUBLIC_COLLECTION,
    });
    await context.sendActivity(
      { identifier: NAME },
      object,
      new Create({ id, actor: me, object: note, to: PUBLIC_COLLECTION }),
    );
    return { id: id.href };
  },
};

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function answer(request) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const body = request.method === "GET" ? undefined : await read(request);
  const [, room, what] = url.pathname.split("/");
  if (room === "control") {
    const context = federation.createContext(url, undefined);
    const said = await control[what](JSON.parse(body.toString() || "{}"), context);
    return Response.json(said);
  }
  if (request.method === "POST") {
    scheme = request.headers["signature-input"] ? "rfc9421" : "cavage";
    if (takes === "rfc9421" && scheme === "cavage") {
      return new Response("sign as RFC 9421 says", { status: 401 });
    }
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    headers.append(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const asked = new Request(url, { method: request.method, headers, body });
  return await federation.fetch(asked, { contextData: undefined });
}

const server = createServer(async (request, response) => {
  let said;
  try {
    said = await answer(request);
  } catch (error) {
    said = new Response(String(error?.stack ?? error), { status: 500 });
  }
  response.writeHead(said.status, Object.fromEntries(said.headers));
  response.end(Buffer.from(await said.arrayBuffer()));
});

server.listen(0, "127.0.0.1", () => {
  console.log(`listening ${server.address().port}`);
});
// The test holds the other end: when it is gone, so are we.
process.stdin.on("end", () => process.exit(0)).resume();
