// Every state of every hosted page and console page, as the Rust suite rendered it: looked at wide and narrow, light and dark,
// with the rules of WCAG 2.2 AA, under the real style sheets and the real Content-Security-Policy of the running server.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

import { issuer } from '../support/usher.mjs'
import { look, window } from './stage.mjs'

const folder = process.env.USHER_PAGES
const files = folder && existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.html')) : []
const samples = files.filter(name => name !== 'letter.html') // its frame needs a letter; the way from the mailbox shows it

test('every state of every page can be read by everybody', { skip: samples.length === 0 && 'USHER_PAGES names no folder' }, async t => {
  const policy = (await fetch(`${issuer}/invitation`)).headers.get('content-security-policy')
  const page = await window(t)
  await page.route('**/sample/*', route => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1)
    // What leaves by itself stays to be looked at.
    const leaving = /<meta http-equiv="refresh"[^>]*>|<script[^>]*form-post[^>]*><\/script>/g
    const body = readFileSync(`${folder}/${name}`, 'utf8').replace(leaving, '')
    return route.fulfill({ body, contentType: 'text/html; charset=utf-8', headers: { 'content-security-policy': policy } })
  })
  for (const name of samples) {
    await t.test(name, async () => {
      await page.goto(`${issuer}/sample/${name}`)
      await look(page, `sample-${name.replace('.html', '')}`)
    })
  }
  assert.ok(samples.length > 20)
})
