// What the tasks of this workspace run: `node make.mjs <project>` makes the project's outputs, which depend on its
// source.txt alone, and appends the project's name to $RAN_LOG, so that a test can tell a run from a replay. Before it
// starts it removes the file $FREE_DISK.
import { createCipheriv, createHash } from 'node:crypto'
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const project = process.argv[2]
const source = readFileSync(join(root, 'packages', project, 'source.txt'), 'utf8')
const out = join(root, 'dist', project)

function write(path, content) {
  const file = join(out, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  return file
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

/** The same incompressible bytes for the same seed. */
function noise(seed, length) {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

const recipes = {
  ui() {
    write('index.js', `export const source = ${JSON.stringify(source)};\n`)
    write('nested/much/deeper/leaf.txt', source)
    write('nested/größe 漢字 🎉.txt', 'unicode in a name\n')
    write('nested/empty.txt', '')
    chmodSync(write('bin/ui', '#!/bin/sh\necho ui\n'), 0o755)
    mkdirSync(join(out, 'empty-directory'), { recursive: true })
    symlinkSync('../nested/much', join(out, 'bin', 'link-to-directory'))
    symlinkSync('index.js', join(out, 'link-to-file'))
    say('Built ui: größe 漢字 🎉 \u001b[32mgreen\u001b[0m')
  },
  lib() {
    write('lib.js', `${readFileSync(join(root, 'dist/ui/index.js'), 'utf8')}// lib: ${source}`)
    say('Built lib')
  },
  app() {
    write('app.js', `${readFileSync(join(root, 'dist/lib/lib.js'), 'utf8')}// app: ${source}`)
    say('Built app')
  },
  assets() {
    for (const name of ['film.bin', 'sound.bin', 'deep/er/texture.bin']) write(name, noise(source + name, 5 << 20))
    say('Built assets')
  },
  docs() {
    write('index.html', `<p>${source}</p>\n`)
    say('Built docs')
  },
  empty() {
    mkdirSync(out, { recursive: true })
    say('Built nothing')
  },
  lint() {
    say('No problems')
  },
  broken() {
    mkdirSync(`${out}-report`, { recursive: true })
    writeFileSync(join(`${out}-report`, 'report.txt'), 'one test failed\n')
    say('✖ one test failed')
    process.exitCode = 3
  },
}

if (process.env.FREE_DISK) rmSync(process.env.FREE_DISK, { force: true })
if (process.env.RAN_LOG) appendFileSync(process.env.RAN_LOG, `${project}\n`)
rmSync(out, { recursive: true, force: true })
recipes[project]()
