// How charts look: readable on light and dark pages, since the colours follow the reader's setting.

/** A colour for each peer, on light and on dark ground. */
const COLOURS = {
  ours: ['#0b62d6', '#58a6ff'],
  sealed: ['#5a8fd8', '#3d73b8'],
  served: ['#8ab4e8', '#2b5788'],
  http: ['#c2410c', '#f0883e'],
  aws: ['#a8326e', '#db61a2'],
  tar: ['#57606a', '#8b949e'],
  copy: ['#8c959f', '#6e7681'],
}

const STYLE = [
  'text{font:13px -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}',
  '.title{font-size:16px;font-weight:600}.head{font-weight:600}.quiet{fill:#59636e}',
  '.axis{stroke:#d1d9e0}.line{fill:none;stroke-width:2.5}',
  ...Object.entries(COLOURS).map(([id, [light]]) => `.${id}{fill:${light};stroke:${light}}`),
  '@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.axis{stroke:#3d444d}',
  ...Object.entries(COLOURS).map(([id, [, dark]]) => `.${id}{fill:${dark};stroke:${dark}}`),
  '}.line{fill:none}rect{stroke:none}text{stroke:none}',
].join('')

/** A drawing of this size out of `shapes`; `title` is for those who can't see it. */
export function drawing(width, height, title, shapes) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...shapes,
    '</svg>\n',
  ].join('\n')
}

export function text(x, y, words, { anchor = 'start', kind = '' } = {}) {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`
}

export function round(number) {
  return Math.round(number * 10) / 10
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
