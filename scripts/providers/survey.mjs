// Finds out what a running server can do: with the Rust tests, with the command line, and with a large artifact.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, run } from '../support/command.mjs'
import { builtDirectory, forThisPlatform, repository } from '../support/paths.mjs'
import { step } from '../support/steps.mjs'
import { roundTrip } from './large.mjs'

let program

/** Compiles what the surveys need. */
export async function buildSurvey({ large }) {
  await step('Compile the survey and the command line', async onOutput => {
    const options = { cwd: repository, timeout: 3_600_000, onOutput }
    await mustRun('cargo', ['build', '--bin', 'nx-s3-cache', ...forThisPlatform], options)
    const json = ['--no-run', '--test', 'it', '--message-format=json', ...forThisPlatform]
    const { stdout } = await mustRun('cargo', ['test', ...json], options)
    const built = stdout
      .split('\n')
      .filter(line => line.includes('"executable":"'))
      .map(line => JSON.parse(line))
    program = built.find(({ target }) => target.name === 'it').executable
  })
  if (!large) return
  await step('Build the addon', onOutput =>
    mustRun('npm', ['run', 'build:native'], { cwd: repository, timeout: 3_600_000, onOutput }),
  )
}

/** All findings about a server. */
export async function survey(server, directory, { large }) {
  const findings = await step('Survey', () => promises(server, directory))
  findings.commands = await step('Command line', () => commands(server, directory))
  if (large) findings.large = await step('An artifact of 3 GiB', () => failing(() => roundTrip(server, directory)))
  return findings
}

async function promises({ stop, ...server }, directory) {
  const [description, found] = [join(directory, 'server.json'), join(directory, 'findings.json')]
  writeFileSync(description, JSON.stringify(server))
  const test = 'object_store::survey::another_server_keeps_the_promises'
  const env = { ...process.env, TEST_S3_SERVER: description, TEST_S3_FINDINGS: found, RUST_BACKTRACE: '0' }
  const outcome = await run(program, ['--exact', test, '--ignored'], { env, timeout: 1_800_000 })
  if (!existsSync(found)) throw new Error(`the survey did not end:\n${outcome.output.slice(-3000)}`)
  return JSON.parse(readFileSync(found, 'utf8'))
}

async function failing(action) {
  try {
    return { result: 'ok', how: (await action()) ?? '' }
  } catch (error) {
    return { result: 'failed', how: error.message }
  }
}

/** `doctor` with the keys in each place where people have them. */
function commands(server, directory) {
  const { id, secret } = server.keys
  const both = { aws_access_key_id: id, aws_secret_access_key: secret }
  const answer = { Version: 1, AccessKeyId: id, SecretAccessKey: secret }
  const tool = join(directory, 'tool')
  writeFileSync(tool, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`)
  chmodSync(tool, 0o700)
  const places = {
    environment: { variables: { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } },
    profile: { files: { credentials: ini('build', both) }, section: { profile: 'build' } },
    process: { files: { config: ini('profile tool', { credential_process: tool }) }, section: { profile: 'tool' } },
    'nx.json': { section: { accessKeyId: id, secretAccessKey: secret } },
  }
  return failing(async () => {
    for (const [place, means] of Object.entries(places))
      await doctor(server, join(directory, 'workspace'), place, means)
  })
}

function ini(name, entries) {
  const lines = Object.entries(entries).map(([key, value]) => `${key} = ${value}`)
  return `[${name}]\n${lines.join('\n')}\n`
}

async function doctor(server, workspace, place, { variables = {}, files = {}, section = {} }) {
  rmSync(workspace, { recursive: true, force: true })
  mkdirSync(join(workspace, '.aws'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(workspace, '.aws', name), text)
  writeFileSync(join(workspace, 'nx.json'), JSON.stringify({ s3: { ...nxSection(server), ...section } }))
  const env = { PATH: process.env.PATH, HOME: workspace, AWS_EC2_METADATA_DISABLED: 'true', ...variables }
  const cli = join(builtDirectory(), 'nx-s3-cache')
  const outcome = await run(cli, ['doctor'], { cwd: workspace, env, timeout: 120_000 })
  if (outcome.code !== 0) throw new Error(`doctor with keys from ${place}:\n${outcome.output}`)
}

/** The `s3` section of nx.json for a server. */
export function nxSection({ endpoint, region }) {
  return { bucket: 'tbucket', endpoint, region: region ?? 'us-east-1', forcePathStyle: true, cacheKeyPrefix: 'web' }
}
