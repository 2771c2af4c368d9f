import { exactAction } from './names.ts'
import { columnsOf, href, type View, withColumn } from './view.ts'

/** Makes the links beside a value that can be used as a filter. */
export type ValueLinks = (path: string, value: string) => { only: string; column: string }

/**
 * Returns what makes the links beside the values of one activity. A page may have thousands of them, so the part that
 * they share is made once. `action` is added to the filter, unless it is undefined.
 */
export function valueLinks(view: View, action: string | undefined): ValueLinks {
  const narrow = action === undefined ? {} : { action: exactAction(action) }
  // a new filter leads to the first page
  const filtered = href(view, { ...narrow, page: undefined })
  const columns = columnsOf(view)
  const oneMore = withColumn(view, placeholder).split(',')
  const place = oneMore.indexOf(placeholder)
  const changed = href(view, { columns: placeholder })
  const at = changed.search(/[?&]columns=%00/) + '?columns='.length
  const [start, end] = [changed.slice(0, at), changed.slice(at + '%00'.length)]
  return (path, value) => ({
    only: Object.hasOwn(view, path)
      ? href(view, { ...narrow, [path]: value })
      : `${filtered}${filtered.includes('?') ? '&' : '?'}${new URLSearchParams([[path, value]])}`,
    column: columns.includes(path)
      ? href(view, { columns: withColumn(view, path) })
      : start + encoded(oneMore.with(place, path).join()) + end,
  })
}

const placeholder = '\0'

const encoded = (text: string) => new URLSearchParams([['', text]]).toString().slice('='.length)
