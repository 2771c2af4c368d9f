import { isMetadataFilter } from '../views/view.ts'
import { addCopies, startCopy } from './copy.ts'
import { all, one } from './dom.ts'
import { startKeyboard } from './keyboard.ts'
import { startLive } from './live-list.ts'
import { startCounts } from './load-counts.ts'
import { startSaved } from './saved-lists.ts'
import { startSettings } from './settings.ts'

document.documentElement.classList.add('scripted')
startSettings()
startKeyboard()
startCopy()
startLive()
startSaved()
void startCounts()
for (const article of all('article.one')) addCopies(article)
startWaiting()
startOffline()

/** Shows a moving line while the next page loads. */
function startWaiting() {
  const root = document.documentElement
  const search = one<HTMLFormElement>('#search')
  // empty fields would only make the address longer
  search?.addEventListener('formdata', ({ formData }) => {
    const kept = [...formData].filter(([name, value]) => value !== '' || isMetadataFilter(name))
    for (const name of [...formData.keys()]) formData.delete(name)
    for (const [name, value] of kept) formData.append(name, value)
  })
  addEventListener('submit', () => root.classList.add('waiting'))
  addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const isElsewhere = event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey
    if (link?.getAttribute('href')?.startsWith('/') && !link.hasAttribute('download') && !isElsewhere)
      root.classList.add('waiting')
  })
  addEventListener('pageshow', () => root.classList.remove('waiting'))
}

function startOffline() {
  const banner = one('#offline')
  const show = () => {
    if (banner) banner.hidden = navigator.onLine
  }
  addEventListener('online', show)
  addEventListener('offline', show)
  show()
}
