// What happens to tokens after the sign-in: renewal, introspection, revocation, signing out, clients that act for themselves.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as oidc from 'openid-client'

import { api, issuer } from '../support/usher.mjs'
import { application, applicationWithPerson, discover, request, signedOut, tokens } from './relying-party.mjs'

// The library reports the challenge of the 401 that RFC 6749 section 5.2 asks for.
const unknownClient = { status: 401, code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' }

test('refresh tokens rotate, and one that comes back a second time ends them all', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const first = await tokens(config, browser)
  const second = await oidc.refreshTokenGrant(config, first.refresh_token)
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal(second.claims().sub, first.claims().sub)
  assert.equal(second.claims().auth_time, first.claims().auth_time)
  await assert.rejects(oidc.refreshTokenGrant(config, first.refresh_token), { error: 'invalid_grant' })
  await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token), { error: 'invalid_grant' })
  assert.equal((await oidc.tokenIntrospection(config, second.access_token)).active, false)
})

test('a refresh token may ask for less, never for more, and only by its owner', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const first = await tokens(config, browser, { scope: 'openid email offline_access' })
  await assert.rejects(oidc.refreshTokenGrant(config, first.refresh_token, { scope: 'openid email profile' }), { error: 'invalid_scope' })
  const other = await discover(await application())
  await assert.rejects(oidc.refreshTokenGrant(other, first.refresh_token), { error: 'invalid_grant' })
  const less = await oidc.refreshTokenGrant(config, first.refresh_token, { scope: 'openid' })
  assert.equal(less.scope, 'openid')
})

test('introspection tells the owner, and nobody else', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const answered = await tokens(config, browser)
  const known = await oidc.tokenIntrospection(config, answered.access_token)
  assert.equal(known.active, true)
  assert.equal(known.client_id, made.clientId)
  assert.equal(known.sub, answered.claims().sub)
  assert.equal(known.iss, issuer)
  assert.equal((await oidc.tokenIntrospection(config, answered.refresh_token)).active, true)
  const other = await discover(await application())
  for (const token of [answered.access_token, answered.refresh_token]) {
    assert.deepEqual(await oidc.tokenIntrospection(other, token), { active: false })
  }
  assert.deepEqual(await oidc.tokenIntrospection(config, 'never.a.token'), { active: false })
})

test('revoking ends what it should, and answers the same for what is unknown', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const answered = await tokens(config, browser)
  const other = await discover(await application())
  await oidc.tokenRevocation(other, answered.refresh_token).catch(() => {})
  assert.equal((await oidc.tokenIntrospection(config, answered.access_token)).active, true, 'another client revokes nothing')
  await oidc.tokenRevocation(config, answered.refresh_token)
  await oidc.tokenRevocation(config, answered.refresh_token)
  await oidc.tokenRevocation(config, 'unknown')
  assert.equal((await oidc.tokenIntrospection(config, answered.access_token)).active, false)
  await assert.rejects(oidc.fetchUserInfo(config, answered.access_token, answered.claims().sub))
  await assert.rejects(oidc.refreshTokenGrant(config, answered.refresh_token), { error: 'invalid_grant' })
})

test('userinfo wants a token of a person, in the header', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const answered = await tokens(config, browser)
  const url = config.serverMetadata().userinfo_endpoint
  const status = async (init, query = '') => (await fetch(url + query, init)).status
  assert.equal(await status({}), 401)
  assert.equal(await status({}, `?access_token=${answered.access_token}`), 400, 'addresses end up in logs')
  assert.equal(await status({ headers: { authorization: `Bearer ${answered.id_token}` } }), 401, 'an ID token is no access token')
  assert.equal(await status({ method: 'POST', headers: { authorization: `Bearer ${answered.access_token}` } }), 200)
  assert.equal(await status({ method: 'POST', body: new URLSearchParams({ access_token: answered.access_token }) }), 200)
})

test('a client acts for itself in the management API, within its scopes', async () => {
  const client = await api('POST', '/clients', { name: 'reader', scopes: 'invitations:read' })
  const config = await discover({ clientId: client.client.id, secret: client.client_secret })
  const answered = await oidc.clientCredentialsGrant(config, { scope: 'invitations:read' })
  assert.equal(answered.refresh_token, undefined)
  const list = await oidc.fetchProtectedResource(config, answered.access_token, new URL(`${issuer}/api/v1/invitations`), 'GET')
  assert.equal(list.status, 200)
  const refused = await fetch(`${issuer}/api/v1/invitations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${answered.access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ application: 'app_00000000000000000000000000', email: 'a@b.example' }),
  })
  assert.equal(refused.status, 403)
})

test('a client proves itself with a signed assertion (private_key_jwt)', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  const { browser, ...made } = await applicationWithPerson({ authentication: 'private_key_jwt', jwks: { keys: [jwk] } })
  assert.equal(made.secret ?? null, null, 'no secret is made for a client that has a key')
  const config = await discover(made, oidc.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }))
  const answered = await tokens(config, browser)
  assert.ok(answered.id_token)
  const stranger = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const forged = await discover(made, oidc.PrivateKeyJwt({ key: stranger.privateKey, kid: 'one' }))
  await assert.rejects(oidc.refreshTokenGrant(forged, answered.refresh_token), unknownClient)
})

test('client_secret_post works where it is registered, and a wrong secret nowhere', async () => {
  const { browser, ...made } = await applicationWithPerson({ authentication: 'client_secret_post' })
  const config = await discover(made, oidc.ClientSecretPost(made.secret))
  assert.ok((await tokens(config, browser)).access_token)
  const wrong = await discover(made, oidc.ClientSecretPost('wrong'))
  const { url, checks } = await request(wrong)
  const { left } = await browser.open(url)
  await assert.rejects(oidc.authorizationCodeGrant(wrong, left, checks), unknownClient)
})

test('signing out at the application signs out at the provider and comes back', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const answered = await tokens(config, browser)
  const state = oidc.randomState()
  const url = oidc.buildEndSessionUrl(config, { id_token_hint: answered.id_token, post_logout_redirect_uri: signedOut, state })
  let page = await browser.open(url)
  if (page.root?.querySelector('#logout-confirm')) page = await browser.submit(page)
  assert.equal(page.left.origin + page.left.pathname, signedOut)
  assert.equal(page.left.searchParams.get('state'), state)
  const silent = await browser.open((await request(config, { prompt: 'none' })).url)
  assert.equal(silent.left.searchParams.get('error'), 'login_required')
})

test('signing out without a hint asks first, and never leads to an address that is not registered', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const answered = await tokens(config, browser)
  const end = config.serverMetadata().end_session_endpoint
  const asked = await browser.open(end)
  assert.ok(asked.root.querySelector('#logout-confirm'))
  const elsewhere = oidc.buildEndSessionUrl(config, { id_token_hint: answered.id_token, post_logout_redirect_uri: 'http://127.0.0.1:4711/elsewhere' })
  const refused = await browser.open(elsewhere)
  assert.equal(refused.status, 400)
  assert.ok((await tokens(config, browser, { prompt: 'none' })).id_token, 'the session goes on')
  const done = await browser.submit(asked)
  assert.equal(done.left, undefined)
})
