// What the tests of trust start from: machines of one team, one of them with a compiler that makes poison.
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after } from 'node:test'
import { packed } from '../../../scripts/support/paths.mjs'
import { createWorkspace } from '../../../scripts/support/workspace.mjs'
import { serverAndWorkspace } from './setting.mjs'

const github = { CI: 'true', GITHUB_ACTIONS: 'true' }

/** What GitHub Actions tells a job of a pull request. */
export function pullRequest(number) {
  const of = { GITHUB_REF: `refs/pull/${number}/merge`, GITHUB_HEAD_REF: 'patch-1', GITHUB_BASE_REF: 'main' }
  return { ...github, GITHUB_EVENT_NAME: 'pull_request', ...of }
}

/** What GitHub Actions tells a job of a push to main; the key comes from the environment's secret. */
export function pushToMain(key) {
  return onGitHub('push', 'refs/heads/main', key)
}

/** What GitHub Actions tells a job of another event. */
export function onGitHub(event, ref, key) {
  const of = { GITHUB_EVENT_NAME: event, GITHUB_REF: ref }
  return { ...github, ...of, ...(key && { NX_S3_CACHE_SIGNING_KEY: key.secretKey }) }
}

/** What GitLab tells a scheduled job on a protected branch. */
export function gitLabSchedule() {
  const of = { CI_PIPELINE_SOURCE: 'schedule', CI_COMMIT_BRANCH: 'main', CI_COMMIT_REF_PROTECTED: 'true' }
  return { CI: 'true', GITLAB_CI: 'true', ...of }
}

/** A new key pair. */
export function keyPair(name) {
  const native = createRequire(import.meta.url)(join(packed, 'node_modules', '@nx', 's3-cache', 'index.js'))
  return native.generateSigningKey(name)
}

/** The settings of a team that trusts what these keys have signed on main. */
export function trusting(...keys) {
  return { trust: { publicKeys: keys.map(({ publicKey }) => publicKey), branches: ['main'] } }
}

/** A server, an honest workspace and a hostile one, with the same sources and the same credentials. */
export async function honestAndHostile(section) {
  const { server, workspace: honest } = await serverAndWorkspace({ section })
  const hostile = await createWorkspace({ s3: server.section(section), environment: server.environment })
  after(() => hostile.dispose())
  poisonCompiler(hostile)
  return { server, honest, hostile }
}

/** Makes every task leave poison beside its outputs. No task's inputs include the compiler, so all hashes stay. */
function poisonCompiler(workspace) {
  appendFileSync(join(workspace.root, 'tools', 'make.mjs'), "\nwrite('poison.js', 'steal()')\n")
}

/** Puts the `s3` section into a file that nx.json extends. */
export function configureByPreset(workspace, s3) {
  writeFileSync(join(workspace.root, 'cache.json'), JSON.stringify({ s3 }))
  const path = join(workspace.root, 'nx.json')
  const { s3: _, ...nxJson } = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...nxJson, extends: './cache.json' }))
}

/** The files of poison among a workspace's outputs. */
export function poisonIn(workspace) {
  return Object.keys(workspace.outputs()).filter(path => path.endsWith('poison.js'))
}

/** The objects of a scope, `t` or `u/…`. */
export function objectsOf(server, scope) {
  return server.objects().filter(({ key }) => key.startsWith(`v1/${scope}/`))
}

/** Copies a scope over the trusted one, as whoever may write to the whole bucket can. */
export function plant(server, scope) {
  const [bucket] = server.buckets
  for (const { key } of objectsOf(server, scope)) {
    const planted = key.replace(`/${scope}/`, '/t/')
    cpSync(join(server.storage, bucket, key), join(server.storage, bucket, planted))
    for (const kind of ['internal', 'metadata']) {
      const [from, to] = [key, planted].map(name => join(server.storage, sideFile(bucket, name, kind)))
      if (existsSync(from)) cpSync(from, to)
    }
  }
}

/** Where the server keeps an object's checksums and its metadata: in files beside the bucket. */
function sideFile(bucket, key, kind) {
  const [inBucket, ofKey] = [bucket, key].map(name => Buffer.from(name).toString('base64url'))
  return `.bucket-${inBucket}.object-${ofKey}.${kind}.json`
}
