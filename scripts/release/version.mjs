#!/usr/bin/env node
// npm runs this for `npm version <new version>`, after it has changed package.json: the other files get the same version,
// and what the changelog calls unreleased gets its name and date.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'
import { changes, main, platformPackages, text } from './facts.mjs'

const { version } = main

function change(path, edit) {
  const before = text(path)
  const after = edit(before)
  if (after === before) throw new Error(`${path} has no place for the version`)
  writeFileSync(join(repository, path), after)
  execFileSync('git', ['add', path], { cwd: repository })
}

/** npm lays package.json out in its own way. */
function format() {
  execFileSync('npx', ['biome', 'format', '--write', 'package.json'], { cwd: repository, stdio: 'ignore' })
  execFileSync('git', ['add', 'package.json'], { cwd: repository })
}

if (!changes('Unreleased')) throw new Error('CHANGELOG.md says nothing under "## [Unreleased]"')
change('Cargo.toml', text => text.replace(/^version = ".*"$/m, `version = "${version}"`))
change('Cargo.lock', text => text.replace(/^(name = "nx-s3-cache"\nversion = )".*"$/m, `$1"${version}"`))
for (const { path } of platformPackages)
  change(path, text => text.replace(/"version": ".*"/, `"version": "${version}"`))
const today = new Date().toISOString().slice(0, 10)
change('CHANGELOG.md', text => text.replace('## [Unreleased]', `## [Unreleased]\n\n## [${version}] - ${today}`))
format()
