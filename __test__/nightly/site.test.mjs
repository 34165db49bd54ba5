// The documentation site in a browser, page by page, in light and dark and on a phone.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, describe, it } from 'node:test'
import { buildSite, requireFromSite, serveSite } from '../../scripts/support/site.mjs'

const browsers = [process.env.CHROME_BIN, '/usr/bin/chromium', '/usr/bin/google-chrome'].filter(Boolean)
const executablePath = browsers.find(existsSync)
const missing = 'there is no Chromium; CHROME_BIN may name one'
if (!executablePath && process.env.CI) throw new Error(missing)
const skip = executablePath ? false : missing

describe('the documentation site', { skip }, async () => {
  if (skip) return
  const directory = await buildSite()
  const server = await serveSite()
  const { chromium } = requireFromSite('playwright-core')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  after(async () => {
    await browser.close()
    server.close()
  })

  const names = readdirSync(directory).filter(name => name.endsWith('.html') && name !== '404.html')
  const addresses = names.map(name => new URL(name === 'index.html' ? '' : basename(name, '.html'), server.url).href)

  it('renders every page without an error and without a request to anywhere else', async () => {
    await eachPage({}, async (page, address) => {
      const wrong = []
      page.on('console', message => message.type() === 'error' && wrong.push(message.text()))
      page.on('pageerror', error => wrong.push(error.message))
      page.on('request', request => request.url().startsWith(server.url) || wrong.push(request.url()))
      page.on('response', response => response.ok() || wrong.push(`${response.status()} ${response.url()}`))
      await open(page, address)
      assert.equal(await page.locator('h1:visible').count(), 1, `${address} has one title`)
      assert.deepEqual(wrong, [], address)
    })
  })

  it('has no dead link or anchor', async () => {
    const anchors = new Map()
    const links = []
    await eachPage({}, async (page, address) => {
      await open(page, address)
      const ids = await page.locator('[id]').evaluateAll(elements => elements.map(({ id }) => id))
      anchors.set(address, new Set(ids))
      const targets = await page.locator('a[href]').evaluateAll(elements => elements.map(({ href }) => href))
      links.push(...targets.filter(href => href.startsWith(server.url)).map(href => ({ address, href })))
    })
    const dead = links.filter(({ href }) => {
      const [address, anchor] = href.split('#')
      return !anchors.has(address) || (anchor && !anchors.get(address).has(decodeURIComponent(anchor)))
    })
    assert.deepEqual(dead, [])
  })

  it('finds touchAfter by its search', async () => {
    const page = await browser.newPage()
    await open(page, server.url)
    await page.keyboard.press('Control+k')
    await page.locator('#localsearch-input').fill('touchAfter')
    const first = page.locator('.VPLocalSearchBox .result').first()
    await first.waitFor()
    assert.match(await first.textContent(), /touchAfter/)
    await first.click()
    await page.waitForURL(/#/)
    assert.match(await page.locator('main').textContent(), /touchAfter/)
    await page.close()
  })

  for (const colorScheme of ['light', 'dark']) {
    it(`is accessible in ${colorScheme}, as far as axe can tell`, async () => {
      const axe = readFileSync(requireFromSite.resolve('axe-core/axe.min.js'), 'utf8')
      await eachPage({ colorScheme, reducedMotion: 'reduce' }, async (page, address) => {
        await open(page, address)
        await page.evaluate(axe)
        const { violations } = await page.evaluate(() => globalThis.axe.run())
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' '))}`)
        assert.deepEqual(found, [], address)
      })
    })
  }

  it('fits a phone: nothing but tables and code is wider than 390 pixels', async () => {
    await eachPage({ viewport: { width: 390, height: 844 } }, async (page, address) => {
      await open(page, address)
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, address)
    })
  })

  /** A page for each address, a few at a time. */
  async function eachPage(options, check) {
    const context = await browser.newContext(options)
    const waiting = [...addresses]
    const work = async () => {
      for (let address = waiting.shift(); address; address = waiting.shift()) {
        const page = await context.newPage()
        await check(page, address)
        await page.close()
      }
    }
    await Promise.all([work(), work()])
    await context.close()
  }
})

/** Waits until the page is alive: VitePress has taken over what the server sent. */
async function open(page, address) {
  await page.goto(address, { waitUntil: 'networkidle' })
}
