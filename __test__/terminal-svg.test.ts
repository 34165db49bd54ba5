import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { pathToFileURL } from 'node:url'

interface TerminalSvg {
  screenLines: (output: string) => string[]
  spansOf: (line: string) => unknown[]
  terminalSvg: (lines: string[], options: { title: string; animated?: boolean }) => string
}

let svg: TerminalSvg
before(async () => {
  svg = await import(pathToFileURL(join(__dirname, '../scripts/support/terminal-svg.mjs')).href)
})

const green = (text: string) => `\u001b[32m${text}\u001b[0m`

test('a line that was written over shows its last state', () => {
  assert.deepEqual(svg.screenLines(`one\r\u001b[2Ktwo\r\n${green('three')}`), ['two', green('three')])
})

test('a style that begins before a line break goes on behind it', () => {
  assert.deepEqual(svg.screenLines(green('\nverdict')), ['\u001b[32m', green('verdict')])
})

test('pieces stay in their columns, whatever the font', () => {
  assert.deepEqual(svg.spansOf(`  a ${green('b')} c`), [
    { column: 2, text: 'a', codes: [] },
    { column: 4, text: 'b', codes: ['32'] },
    { column: 6, text: 'c', codes: [] },
  ])
})

test('text is text: nothing in it is taken for markup', () => {
  const picture = svg.terminalSvg(['<script>&'], { title: '<t>' })
  assert.match(picture, />&lt;script&gt;&amp;</)
  assert.match(picture, /<title>&lt;t&gt;<\/title>/)
})

test('an animated picture moves only for those who want motion, and others have none', () => {
  assert.match(
    svg.terminalSvg(['$ nx build'], { title: 't', animated: true }),
    /prefers-reduced-motion[\s\S]*animation-delay/,
  )
  assert.doesNotMatch(svg.terminalSvg(['$ nx build'], { title: 't' }), /animation-delay/)
})
