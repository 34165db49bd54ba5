// What a release is made of: its version, its packages, and what the changelog says of it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/paths.mjs'

export const main = json('package.json')

/** The folders of `npm`: one a platform. */
export const platformPackages = readdirSync(join(repository, 'npm'), { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => ({ target: name, path: `npm/${name}/package.json`, ...json(`npm/${name}/package.json`) }))

/** Where the version stands, besides package.json. */
export function versions() {
  const cargo = /^version = "(.*)"$/m.exec(text('Cargo.toml'))?.[1]
  const lock = /^name = "nx-s3-cache"\nversion = "(.*)"$/m.exec(text('Cargo.lock'))?.[1]
  const packages = platformPackages.map(({ path, version }) => [path, version])
  return Object.fromEntries([['Cargo.toml', cargo], ['Cargo.lock', lock], ...packages])
}

/** The lines of a section of the changelog, such as `Unreleased` or `1.2.0`; `undefined` when there is none. */
export function changes(name, changelog = text('CHANGELOG.md')) {
  const parts = changelog.split(/^## \[(.+?)\].*$/m)
  const index = parts.findIndex((part, index) => index % 2 === 1 && part === name)
  return index < 0 ? undefined : parts[index + 1].trim()
}

export function text(path) {
  return readFileSync(join(repository, path), 'utf8')
}

function json(path) {
  return JSON.parse(text(path))
}
