// Tables in Markdown, aligned so that the source can be read as well.

/** A table; `numbers` are the columns that are aligned to the right. */
export function table(heads, rows, numbers = []) {
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(3, ...all.map(row => [...row[column]].length)))
  const pad = (text, column) => {
    const missing = ' '.repeat(widths[column] - [...text].length)
    return numbers.includes(column) ? missing + text : text + missing
  }
  const line = cells => `| ${cells.join(' | ')} |`
  const rule = widths.map((width, column) =>
    numbers.includes(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  return [line(heads.map(pad)), line(rule), ...rows.map(row => line(row.map(pad)))].join('\n')
}
