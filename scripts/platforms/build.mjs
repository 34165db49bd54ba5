// Compiles the addon, the command line and the Rust tests for a platform, with the standard library from its source.
import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { run } from '../support/command.mjs'
import { repository } from '../support/paths.mjs'
import { home, patient } from './places.mjs'
import { standardLibrary } from './rust-source.mjs'

/** What came out: the addon, the program, and the test programs. */
export async function build(platform, prepared, onOutput) {
  const started = performance.now()
  const commands = [['build', '--lib', '--bins', '--profile=test']]
  if (platform.runs.includes('rust')) commands.unshift(['test', '--tests', '--no-run'])
  const compiled = []
  for (const command of commands) compiled.push(await compile(platform, prepared.cargo, command, onOutput))
  const ours = compiled.flatMap(({ ours }) => ours)
  const crates = compiled.reduce((sum, { crates }) => sum + crates, 0)
  const seconds = Math.round((performance.now() - started) / 1000)
  return { ...found(ours), crates, seconds }
}

/** The artifacts of this crate, as cargo describes them, that a cargo command makes, and how many crates it compiled. */
export async function compile({ name, target }, environment, command, onOutput) {
  const std = await standardLibrary()
  const flags = ['--locked', '--target', target, '--message-format=json-render-diagnostics', ...std.arguments]
  const env = { ...process.env, ...std.environment, ...environment, CARGO_TARGET_DIR: join(home, 'target', name) }
  const options = { cwd: repository, env, ...patient, onOutput }
  const { code, stdout, stderr } = await run('cargo', [...command, ...flags], options)
  if (code !== 0) throw new Error(stderr.slice(-4000))
  const lines = stdout.split('\n').filter(line => line.startsWith('{'))
  const artifacts = lines.map(line => JSON.parse(line)).filter(({ reason }) => reason === 'compiler-artifact')
  const ours = artifacts.filter(({ package_id: id }) => /[/#]nx-s3-cache(-addon)?[@#]/.test(id))
  return { ours, crates: artifacts.filter(({ fresh }) => !fresh).length }
}

function found(ours) {
  const library = ours.find(({ target, profile }) => target.kind.includes('cdylib') && !profile.test)
  const addon = library?.filenames.find(name => /\.(so|dylib|dll)$/.test(name))
  if (!addon) throw new Error('cargo made no addon')
  const tests = ours.filter(({ profile, executable }) => profile.test && executable)
  const program = ours.find(
    ({ target, executable, profile }) => target.kind.includes('bin') && executable && !profile.test,
  )
  return {
    addon,
    program: program?.executable,
    tests: tests.map(({ target, executable }) => ({
      name: target.kind.includes('lib') ? 'lib' : target.name,
      executable,
    })),
    megabytes: Number((statSync(addon).size / 1e6).toFixed(1)),
  }
}

/** Puts the addon where Node and `npm/pack.mjs` look for it. */
export function provideAddon(built, directory, platform) {
  const suffix = platform.npm.os === 'win32' ? '-msvc' : ''
  copyFileSync(built.addon, join(directory, `nx-s3-cache.${platform.name}${suffix}.node`))
}
