// A real OpenID Connect provider for the tests (oidc-provider, certified by the OpenID Foundation). It signs in whoever
// is named, with the groups of the environment, and prints its address when it listens.
import http from "node:http";

const {default: Provider} = await import(process.env.OIDC_PROVIDER);
const people = JSON.parse(process.env.PEOPLE);
const server = http.createServer();
server.listen(Number(process.env.PORT || 0), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "eakte",
      client_secret: "ein Geheimnis der Tests",
      application_type: "native", // so that the tests' services may listen at any port of the loopback
      redirect_uris: ["http://127.0.0.1/anmelden/dienst/zurueck"],
      post_logout_redirect_uris: ["http://127.0.0.1/anmelden"],
    }],
    pkce: {required: () => true},
    claims: {openid: ["sub"], profile: ["name", "preferred_username"], groups: ["groups"]},
    scopes: ["openid", "profile", "groups"],
    features: {devInteractions: {enabled: true}},
    cookies: {keys: ["tests"]},
    findAccount: (_context, id) => (people[id] ? {accountId: id, claims: () => ({sub: id, ...people[id]})} : undefined),
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
