/**
 * Keeps files that are dropped or pasted before the app runs. Built to a small blocking script of its own:
 * it must have no imports and must not throw. The app takes what was kept and calls stop().
 */
;(() => {
  const kept: File[] = []
  const take = (event: Event) => {
    const data =
      event instanceof ClipboardEvent ? event.clipboardData : event instanceof DragEvent ? event.dataTransfer : null
    if (!data?.files.length) return
    event.preventDefault()
    kept.push(...data.files)
  }
  const allow = (event: DragEvent) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
  }
  addEventListener('paste', take)
  addEventListener('drop', take)
  addEventListener('dragover', allow)
  window.tintypeEarly = {
    stop() {
      removeEventListener('paste', take)
      removeEventListener('drop', take)
      removeEventListener('dragover', allow)
      return kept.splice(0)
    },
  }
})()
