import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Tree } from '@nx/devkit'
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing'
import init from '../ts/generators/init/generator'
import { defaultBranch } from '../ts/generators/trust/default-branch'
import trust, { type TrustOptions } from '../ts/generators/trust/generator'
import { repositoryOf } from '../ts/generators/trust/identity'
import { defaultSecretFile } from '../ts/generators/trust/secret-file'
import { listenToNx } from './support/nx-output'

const folder = mkdtempSync(join(tmpdir(), 'nx-s3-cache-trust-'))
after(() => rmSync(folder, { recursive: true }))

const year = new Date().getFullYear()
const s3 = { bucket: 'b' }
let files = 0

function workspace(nxJson: object = { s3 }): Tree {
  const tree = createTreeWithEmptyWorkspace()
  tree.write('nx.json', JSON.stringify(nxJson))
  return tree
}

/** Runs the generator to its end; what it said, and where the secret went. */
async function run(tree: Tree, options: TrustOptions = {}) {
  const secretFile = options.secretFile ?? join(folder, `${files++}.secret`)
  const finish = await trust(tree, { skipFormat: true, ...options, secretFile })
  const said = listenToNx(() => finish())
  return { said, secretFile }
}

function section(tree: Tree, path = 'nx.json') {
  return JSON.parse(tree.read(path, 'utf8') ?? '').s3
}

function secretIn(path: string): string {
  return readFileSync(path, 'utf8')
}

describe('the first key', () => {
  test('is called after the default branch and the year, and that branch is trusted', async () => {
    const tree = workspace({ defaultBase: 'trunk/a', s3 })
    await run(tree)
    const { publicKeys, branches } = section(tree).trust
    assert.match(publicKeys[0], new RegExp(`^trunk-a-${year}:[A-Za-z0-9+/]{43}=$`))
    assert.deepEqual([publicKeys.length, branches], [1, ['trunk/a']])
    assert.equal(section(tree).bucket, 'b')
  })

  test('is a pair: its secret half holds the public one', async () => {
    const tree = workspace()
    const { secretFile } = await run(tree, { name: 'k' })
    const half = (text: string) => Buffer.from(text.split(':')[1] ?? '', 'base64')
    const secret = half(secretIn(secretFile))
    assert.equal(secret.length, 64)
    assert.deepEqual(secret.subarray(32), half(section(tree).trust.publicKeys[0]))
    assert.match(secretIn(secretFile), /^k:\S+$/)
  })

  test('takes name, branches and policy from the flags', async () => {
    const tree = workspace()
    const branches = ['main', 'release/*', 'refs/tags/v*']
    await run(tree, { name: 'acme.web_1', branches, policy: 'trunk-only' })
    const written = section(tree).trust
    assert.match(written.publicKeys[0], /^acme\.web_1:/)
    assert.deepEqual([written.branches, written.policy], [branches, 'trunk-only'])
  })

  test('replaces the policy that would switch it off', async () => {
    const tree = workspace({ s3: { ...s3, trust: { policy: 'shared', onBadSignature: 'fail' } } })
    await run(tree)
    assert.deepEqual(Object.keys(section(tree).trust), ['onBadSignature', 'publicKeys', 'branches'])
  })

  test('goes to the preset of the workspace that holds the section', async () => {
    const tree = workspace({ extends: './company.json' })
    tree.write('company.json', JSON.stringify({ s3 }))
    const { said } = await run(tree)
    assert.equal(section(tree), undefined)
    assert.equal(section(tree, 'company.json').trust.publicKeys.length, 1)
    assert.match(said, /public half is in \.\/company\.json/)
    assert.doesNotMatch(said, /empty cache/)
  })
})

describe('an identity', () => {
  function onGitHub(remote: string, nxJson?: object): Tree {
    const tree = workspace(nxJson)
    tree.root = mkdtempSync(join(folder, 'root-'))
    execFileSync('git', ['init', '--quiet', tree.root])
    execFileSync('git', ['-C', tree.root, 'remote', 'add', 'origin', remote])
    tree.write('.github/workflows/ci.yml', '')
    return tree
  }

  test('needs no key where the workspace is on GitHub, and says the lines for the job', async () => {
    const tree = onGitHub('git@github.com:acme/shop.git')
    const { said, secretFile } = await run(tree)
    assert.deepEqual(section(tree).trust, { identities: ['github:acme/shop'], branches: ['main'] })
    assert.equal(existsSync(secretFile), false)
    assert.match(said, /need a ruleset or a branch protection rule/)
    assert.match(said, /contents: read\n\s+id-token: write/)
    assert.deepEqual(
      tree.listChanges().filter(({ path }) => path.startsWith('.github') && path !== '.github/workflows/ci.yml'),
      [],
    )
    assert.equal(tree.read('.github/workflows/ci.yml', 'utf8'), '')
    assert.match((await run(tree)).said, /protected already[\s\S]*Who may sign: github:acme\/shop/)
  })

  test('is that of the server, where it is another', async () => {
    const tree = onGitHub('https://git.acme.example/acme/shop')
    await run(tree)
    assert.deepEqual(section(tree).trust.identities, ['github-enterprise:git.acme.example/acme/shop'])
  })

  test('stands beside keys, which --name still makes', async () => {
    const tree = onGitHub('git@github.com:acme/shop.git')
    await run(tree, { name: 'k' })
    assert.deepEqual(Object.keys(section(tree).trust), ['publicKeys', 'branches'])
    await run(tree, { identity: 'buildkite:acme/shop' })
    const { identities, publicKeys } = section(tree).trust
    assert.deepEqual([identities, publicKeys.length], [['buildkite:acme/shop'], 1])
  })

  test('is found in every form of a remote, and nowhere else', () => {
    const found = { host: 'github.com', name: 'acme/shop.web' }
    for (const remote of [
      'git@github.com:acme/shop.web.git',
      'https://github.com/acme/shop.web.git',
      'https://token@GitHub.com/acme/shop.web',
      'https://github.com:443/acme/shop.web.git',
      'ssh://git@github.com:22/acme/shop.web.git',
    ])
      assert.deepEqual(repositoryOf(remote), found, remote)
    const elsewhere = { host: 'git.acme.example:8443', name: 'acme/shop' }
    assert.deepEqual(repositoryOf('https://git.acme.example:8443/acme/shop.git'), elsewhere, "the web's port, too")
    for (const remote of ['', '/srv/git/shop.git', 'https://github.com/acme', 'https://github.com/a/b/c'])
      assert.equal(repositoryOf(remote), undefined, remote)
  })
})

describe('further keys', () => {
  test('are made on request, and stand beside those that are there', async () => {
    const tree = workspace()
    await run(tree, { name: 'old', branches: ['develop'] })
    const { said } = await run(tree, { name: 'new' })
    const { publicKeys, branches } = section(tree).trust
    assert.deepEqual(
      publicKeys.map((key: string) => key.split(':')[0]),
      ['old', 'new'],
    )
    assert.deepEqual(branches, ['develop'])
    assert.match(said, /What old signed is still believed/)
  })

  test('are not made by running it again, which changes only what its flags say', async () => {
    const tree = workspace()
    await run(tree)
    const before = section(tree)
    const again = await run(tree)
    assert.deepEqual(section(tree), before)
    assert.equal(existsSync(again.secretFile), false)
    assert.match(again.said, /protected already/)
    await run(tree, { branches: ['main', 'next'] })
    assert.deepEqual(section(tree), { ...before, trust: { ...before.trust, branches: ['main', 'next'] } })
  })
})

describe('nothing is written', () => {
  const refusals: Array<[string, object, TrustOptions, RegExp]> = [
    ['without a section to protect', {}, {}, /nx g @nx\/s3-cache:init/],
    ['with a name that is none', { s3 }, { name: 'a b' }, /--name="a b".*64 letters, digits/],
    ['with an empty name', { s3 }, { name: '' }, /--name=""/],
    [
      'with the name of another key',
      { s3: { ...s3, trust: { publicKeys: ['k:x'] } } },
      { name: 'k' },
      /called k already/,
    ],
    ['without a branch', { s3 }, { branches: [] }, /--branches names no branch/],
    [
      'where the keys are not a list',
      { s3: { ...s3, trust: { publicKeys: 'k:x' } } },
      {},
      /"s3\.trust\.publicKeys".*not a list/,
    ],
  ]
  for (const [what, nxJson, options, message] of refusals) {
    test(what, async () => {
      const tree = workspace(nxJson)
      const secretFile = join(folder, 'refused.secret')
      await assert.rejects(run(tree, { ...options, secretFile }), { message, stack: '' })
      assert.deepEqual(JSON.parse(tree.read('nx.json', 'utf8') ?? ''), nxJson)
      assert.equal(existsSync(secretFile), false)
    })
  }

  test('to disk before nx.json is, and so not in a dry run', async () => {
    const secretFile = join(folder, 'dry.secret')
    await trust(workspace(), { skipFormat: true, secretFile })
    assert.equal(existsSync(secretFile), false)
  })
})

describe('the secret key', () => {
  test('is in a file that only its owner can read', { skip: process.platform === 'win32' }, async () => {
    const { secretFile } = await run(workspace(), { secretFile: join(folder, 'made', 'up', 'key') })
    assert.equal(statSync(secretFile).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'made')).mode & 0o777, 0o700)
  })

  test('is neither in nx.json nor in what is said', async () => {
    const tree = workspace()
    const { said, secretFile } = await run(tree)
    const seed = secretIn(secretFile).split(':')[1]?.slice(0, 40) ?? ''
    for (const { content } of tree.listChanges()) assert.ok(!content?.includes(seed))
    assert.ok(seed.length === 40 && !said.includes(seed))
  })

  test('replaces no file that exists', async () => {
    const secretFile = join(folder, 'old.secret')
    writeFileSync(secretFile, 'in use')
    const tree = workspace()
    await assert.rejects(run(tree, { secretFile }), /old\.secret exists already/)
    assert.equal(secretIn(secretFile), 'in use')
    assert.equal(section(tree).trust, undefined)
  })

  test('goes nowhere where git would commit it', async () => {
    const repository = join(folder, 'repository')
    execFileSync('git', ['init', '--quiet', repository])
    const secretFile = join(repository, 'keys', 'main.secret')
    await assert.rejects(run(workspace(), { secretFile }), /under version control[\s\S]*\.gitignore/)
    writeFileSync(join(repository, '.gitignore'), '*.secret\n')
    await run(workspace(), { secretFile })
    assert.match(secretIn(secretFile), /^main-/)
  })

  test('goes to the home directory unless told otherwise, one file for each workspace and key', () => {
    assert.match(defaultSecretFile('/work/acme web', 'main-2026'), /[\\/]\.nx-s3-cache[\\/]acme-web-main-2026\.secret$/)
  })

  test('that can not be written is said to be lost, with what to do about its other half', async () => {
    const file = join(folder, 'a-file')
    const finish = await trust(workspace(), { skipFormat: true, name: 'k', secretFile: join(file, 'key') })
    writeFileSync(file, '')
    assert.throws(() => finish(), /could not be written[\s\S]*remove k from s3\.trust\.publicKeys/)
  })
})

describe('the default branch', () => {
  test('is the one nx.json names, without its remote', () => {
    assert.equal(defaultBranch(workspace({ defaultBase: 'origin/develop' })), 'develop')
    assert.equal(defaultBranch(workspace({ affected: { defaultBase: 'trunk' } })), 'trunk')
  })

  test('is otherwise the one that origin names, or main', () => {
    const clone = join(folder, 'clone')
    execFileSync('git', ['init', '--quiet', clone])
    const tree = workspace()
    tree.root = clone
    assert.equal(defaultBranch(tree), 'main')
    const head = ['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/trunk']
    execFileSync('git', head, { cwd: clone })
    assert.equal(defaultBranch(tree), 'trunk')
  })
})

describe('what is said', () => {
  test('is what to paste where in each CI system, when none is known to be used', async () => {
    const { said, secretFile } = await run(workspace(), { branches: ['main', 'release/*', 'refs/tags/v*'] })
    for (const words of [
      `gh secret set NX_S3_CACHE_SIGNING_KEY --env nx-cache < '${secretFile}'`,
      `glab variable set NX_S3_CACHE_SIGNING_KEY --protected --masked --hidden --raw < '${secretFile}'`,
      'branches: ["main","release/*"]',
      'tags: ["v*"]',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own
      'NX_S3_CACHE_SIGNING_KEY: ${{ secrets.NX_S3_CACHE_SIGNING_KEY }}',
      'CircleCI',
      'start with an empty cache, since Nx hashes nx.json',
      'NX_S3_CACHE_TRUST_SCOPE=trusted',
      'doctor --attack',
    ]) {
      assert.ok(said.includes(words), `${words}\n${said}`)
    }
    assert.match(said, /Delete the file: (rm|del) /)
  })

  test('is only about the CI systems that the workspace has files of', async () => {
    const tree = workspace()
    tree.write('.gitlab-ci.yml', '')
    const { said } = await run(tree)
    assert.match(said, /glab variable set/)
    assert.doesNotMatch(said, /gh secret|CircleCI/)
  })
})

test('the generator init does it, too, when asked to', async () => {
  const tree = workspace({})
  tree.root = folder
  const finish = await init(tree, {
    bucket: 'bkt',
    region: 'eu-west-1',
    skipFormat: true,
    skipInstall: true,
    trust: true,
  })
  assert.equal(section(tree).trust.publicKeys.length, 1)
  assert.equal(typeof finish, 'function')
})
