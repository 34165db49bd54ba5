// What the tests expect of a run of Nx, each with the whole output in the failure's message.
import assert from 'node:assert/strict'

/** The run ended well, and these projects' tasks really ran. */
export function assertRan(run, projects) {
  assert.equal(run.code, 0, run.text)
  assert.deepEqual(run.ran, projects, run.text)
}

/** The run ended well, nothing ran, and these tasks came out of the bucket. */
export function assertRestored(run, tasks) {
  assertRan(run, [])
  assert.deepEqual(run.remoteHits, tasks, run.text)
}

/** The titles of the warnings and errors that a person sees, Nx's own about its runs left out. */
export function notices(run) {
  const titles = [...run.text.matchAll(/^ ?(?: NX |NX) {1,4}(\S.*)$/gm)].map(match => match[1].trim())
  return titles.filter(title => !/^(Running|Successfully ran|Ran) target|^Nx read the output/.test(title))
}

/** The run is as green as without a cache, and told its user exactly one thing, which matches all of `patterns`. */
export function assertOneWarning(run, ...patterns) {
  assert.equal(run.code, 0, run.text)
  assert.equal(notices(run).length, 1, `exactly one notice: ${JSON.stringify(notices(run))}\n${run.text}`)
  for (const pattern of patterns) assert.match(run.text, pattern)
}

/** No warning, no error: a person sees what Nx prints and nothing else. */
export function assertSilent(run) {
  assert.deepEqual(notices(run), [], run.text)
  assert.doesNotMatch(run.text, /nx-s3-cache/, run.text)
}
