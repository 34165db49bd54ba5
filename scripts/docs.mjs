#!/usr/bin/env node
// `npm run docs`: builds the documentation site from docs/; with `--serve` it shows it on this machine.
import { parseArgs } from 'node:util'
import { buildSite, serveSite } from './support/site.mjs'
import { print, step } from './support/steps.mjs'

const { values } = parseArgs({ options: { serve: { type: 'boolean' }, port: { type: 'string', default: '4173' } } })

try {
  const directory = await step('Build the documentation site', buildSite)
  if (values.serve) print(`\n  ${(await serveSite(Number(values.port))).url}   Ctrl-C ends it.`)
  else print(`\n  ${directory}`)
} catch (error) {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
