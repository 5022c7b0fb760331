// The running product as the tests from outside know it: its address, its command line, its management API, its mailbox.
// It knows nothing of browsers and of OpenID Connect clients.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

export const issuer = process.env.USHER_DEMO_URL ?? 'http://localhost:8080'
export const appUrl = process.env.USHER_DEMO_APP_URL ?? 'http://localhost:8081'
const binary = process.env.USHER_BINARY ?? 'target/debug/usher'
const data = process.env.USHER_DEMO_DATA ?? 'data'

const run = promisify(execFile)

/** Runs a command of the product on the demo's data and gives back what it printed as JSON. */
export async function cli(...args) {
  const settings = [`data_dir=${data}`, `server.public_url=${issuer}`, 'log.filter=warn']
  const { stdout } = await run(binary, [...args, '--json', ...settings.flatMap(setting => ['--set', setting])])
  return JSON.parse(stdout)
}

/** A text that no other test uses. */
export function unique(prefix) {
  return `${prefix}-${randomBytes(5).toString('hex')}`
}

export function address(name) {
  return `${unique(name)}@northwind.example`
}

let apiClient
let token

/** Access to the management API, as a client that was made on the command line. */
async function accessToken() {
  apiClient ??= cli('client', 'create', '--name', unique('tests'), ...scopes.flatMap(scope => ['--scope', scope]))
  const { client, client_secret: secret } = await apiClient
  for (let tries = 0; !token || token.until < Date.now(); tries++) {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }),
    })
    const answer = await response.json()
    if (response.ok) {
      token = { text: answer.access_token, until: Date.now() + (answer.expires_in - 30) * 1000 }
    } else if (tries > 20) {
      throw new Error(`no token for the tests: ${JSON.stringify(answer)}`)
    } else {
      await new Promise(resolve => setTimeout(resolve, 200)) // the server looks for new clients once a second
    }
  }
  return token.text
}

const scopes = [
  'applications:read', 'applications:write', 'clients:write', 'groups:read', 'groups:write', 'invitations:read',
  'invitations:write', 'invitations:link', 'connections:read', 'connections:write',
]

/** Calls the management API; anything but success is an error that carries the answer. */
export async function api(method, path, body = method === 'POST' ? {} : undefined) {
  const response = await ask(method, path, body)
  const text = await response.text()
  const answer = text ? JSON.parse(text) : undefined
  if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), { status: response.status, answer })
  return answer
}

async function ask(method, path, body, headers = {}) {
  const authorization = `Bearer ${await accessToken()}`
  return fetch(`${issuer}/api/v1${path}`, {
    method,
    headers: { authorization, ...headers, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  })
}

/** Sets the policy of an application; gives back the one before. */
export async function setPolicy(id, change) {
  const read = await ask('GET', `/applications/${id}`)
  const { name, description, protocol, home_url, accent, policy } = await read.json()
  const body = { name, description, protocol, home_url, accent, policy: change(policy) }
  const written = await ask('PUT', `/applications/${id}`, body, { 'if-match': read.headers.get('etag') })
  if (!written.ok) throw new Error(`the policy was not changed: ${written.status} ${await written.text()}`)
  return policy
}

let desk

/** The demo's own application. */
export function expenseDesk() {
  desk ??= find('/applications', application => application.name === 'Expense Desk')
  return desk
}

/** The first item of a list, on whichever page it is. */
async function find(path, wanted) {
  let page = await api('GET', path)
  while (!page.items.some(wanted) && page.next) page = await api('GET', `${path}?after=${page.next}`)
  return page.items.find(wanted)
}

/** The letters to an address, newest first. */
export async function letters(recipient) {
  const response = await fetch(`${issuer}/mailbox.json`)
  const letters = await response.json()
  return letters.filter(letter => letter.recipient.toLowerCase() === recipient.toLowerCase())
}

/** Waits for a letter; `number` counts from 1 in the order of arrival. */
export async function letterTo(recipient, number = 1) {
  for (let tries = 0; tries < 100; tries++) {
    const found = await letters(recipient)
    if (found.length >= number) return found.at(-number)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`letter ${number} to ${recipient} did not arrive`)
}

/** The first link in a letter that leads to the given path. */
export function linkIn(letter, path = '/invitation/') {
  const link = letter.text.match(/https?:\/\/\S+/g)?.find(link => link.startsWith(issuer + path))
  if (!link) throw new Error(`no link to ${path} in: ${letter.text}`)
  return link
}
