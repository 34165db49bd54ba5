#!/usr/bin/env node
// `node scripts/set-up.mjs`: builds everything that `npm test -- --as-built` needs; with `packages` only installs npm's.
import { installPackages, setUp } from './support/set-up.mjs'

try {
  await (process.argv[2] === 'packages' ? installPackages() : setUp())
} catch (error) {
  process.stderr.write(`\n${error.message}\n`)
  process.exitCode = 1
}
