#!/usr/bin/env node
// `npm run test:image`: builds the container image without an image registry (Debian, as root), and runs commands in it.
// `--as-built` takes what the last set-up built for this machine.
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile } from './platforms/build.mjs'
import { onThisMachine } from './platforms/debian.mjs'
import { staticMusl } from './platforms/linux.mjs'
import { mustRun, run } from './support/command.mjs'
import { repository } from './support/paths.mjs'
import { startS3Server } from './support/s3-server.mjs'
import { setUp } from './support/set-up.mjs'
import { print, step } from './support/steps.mjs'

const directory = mkdtempSync(join(tmpdir(), 'nx-s3-cache-image-'))

/** Nothing of it is left on the machine, and no runtime is needed. */
const buildah = ['buildah', '--root', join(directory, 'root'), '--runroot', join(directory, 'run')]
const environment = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' }

function inBuildah(words, options) {
  const [program, ...args] = [...buildah, ...words]
  return mustRun(program, args, { cwd: directory, env: environment, timeout: 600_000, ...options })
}

/** The program as it is released: static, for machines without Node.js and images without a system. */
async function program(onOutput) {
  const { target, cargo } = await staticMusl()
  const { ours } = await compile({ name: 'static', target }, cargo, ['build', '--bins'], onOutput)
  return ours.find(({ executable }) => executable).executable
}

/** What the Dockerfile's stage `build` makes from the source, laid out beside it. */
async function image(executable) {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  mkdirSync(join(directory, 'image', architecture), { recursive: true })
  copyFileSync(executable, join(directory, 'image', architecture, 'nx-s3-cache'))
  copyFileSync('/etc/ssl/certs/ca-certificates.crt', join(directory, 'image/ca-certificates.crt'))
  for (const file of ['Dockerfile', '.dockerignore']) cpSync(join(repository, file), join(directory, file))
  await inBuildah(['build', '--build-context', 'build=.', '--tag', 'nx-s3-cache', '.'])
  const { stdout } = await inBuildah(['from', '--name', 'test', 'nx-s3-cache'])
  return stdout.trim()
}

/** Commands that a pipeline runs, each with what its output must say. */
function commands(server) {
  const vela = parameters =>
    Object.entries({ bucket: server.buckets[0], server: server.endpoint, ...parameters })
      .map(([name, value]) => `PARAMETER_${name.toUpperCase()}=${value}`)
      .concat('VELA_REPO_ORG=acme', 'VELA_REPO_NAME=shop')
  return [
    { words: ['--version'], says: /nx-s3-cache \d/ },
    { words: ['doctor'], says: /bucket/ },
    { words: ['vela'], variables: vela({ action: 'rebuild', mount: 'mounted' }), says: /acme\/shop/ },
    { words: ['vela'], variables: vela({ action: 'restore' }), says: /restored/i },
    { words: ['vela'], variables: vela({ action: 'flush' }), says: /./ },
    { words: ['flush', '--age', '14d', '--dry-run'], says: /./ },
    { words: ['ls'], says: /./ },
  ]
}

async function runInImage(container, workspace, server, { words, variables = [], says }) {
  const settings = {
    ...server.environment,
    NX_S3_CACHE_BUCKET: server.buckets[0],
    NX_S3_CACHE_ENDPOINT: server.endpoint,
  }
  const more = {
    NX_S3_CACHE_REGION: 'us-east-1',
    NX_S3_CACHE_FORCE_PATH_STYLE: 'true',
    NX_S3_CACHE_TRUST_SCOPE: 'trusted',
  }
  const all = [...Object.entries({ ...settings, ...more }).map(pair => pair.join('=')), ...variables]
  const options = [
    ...all.flatMap(variable => ['--env', variable]),
    '--volume',
    `${workspace}:/work`,
    '--workingdir',
    '/work',
  ]
  const [command, ...args] = [...buildah, 'run', ...options, container, '/usr/local/bin/nx-s3-cache', ...words]
  const { code, output } = await run(command, args, { cwd: directory, env: environment, timeout: 120_000 })
  if (code !== 0 || !says.test(output)) throw new Error(`it ended with ${code}, and said:\n${output}`)
}

async function main() {
  if (!process.argv.includes('--as-built')) await setUp()
  await step('Install', () => onThisMachine(['buildah', 'ca-certificates']))
  const executable = await step('Build the static program', program, { note: 'takes minutes' })
  const container = await step('Build the image', () => image(executable))
  const server = await startS3Server()
  const workspace = join(directory, 'workspace')
  mkdirSync(join(workspace, 'mounted'), { recursive: true })
  writeFileSync(join(workspace, 'mounted', 'file.txt'), 'kept')
  let passed = 0
  const all = commands(server)
  for (const command of all) {
    await step(`Run ${command.words.join(' ')}`, () => runInImage(container, workspace, server, command)).then(
      () => passed++,
      error => print(error.message),
    )
  }
  await server.stop()
  print(`\n${passed} passed, ${all.length - passed} failed`)
  process.exitCode = passed === all.length ? 0 : 1
}

main()
  .catch(error => {
    process.stderr.write(`\n${error.message}\n`)
    process.exitCode = 1
  })
  .finally(() => rmSync(directory, { recursive: true, force: true }))
