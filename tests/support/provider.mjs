// A real OpenID Connect provider for the tests (oidc-provider, certified by the OpenID Foundation). It signs in whoever
// is named, with the groups of the environment, and prints its address when it listens.
import Provider from "oidc-provider";
import http from "node:http";

const people = JSON.parse(process.env.PEOPLE);
const server = http.createServer();
server.listen(Number(process.env.PORT || 0), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "eakte",
      client_secret: "ein Geheimnis der Tests",
      redirect_uris: JSON.parse(process.env.REDIRECTS),
      post_logout_redirect_uris: JSON.parse(process.env.LOGOUTS),
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
