import { Copy, ExternalLink, Trash2 } from 'lucide-react'
import type { Image } from '../../api/types'
import { copyStatus, copyText } from '../../lib/clipboard'
import { embed, kindsOf } from '../../lib/embed'
import { messages } from '../../lib/messages'
import { onThisHost } from '../../lib/paths'
import { Menu, type MenuItem } from '../../ui/menu'
import { nameOf } from './library'

interface Props {
  image: Image
  onDelete(): void
  tabIndex?: number
}

/** Everything that can be done with one image. */
export function ImageMenu({ image, onDelete, tabIndex }: Props) {
  const copies = kindsOf(image).map(
    (kind): MenuItem => ({
      key: kind,
      label: messages.copy.copyKind(kind),
      icon: <Copy aria-hidden="true" />,
      act: () =>
        void copyText(embed(image, kind) ?? '').then(done => done && copyStatus.set(messages.copy.copiedKind(kind))),
    }),
  )
  const items: MenuItem[] = [
    ...copies,
    {
      key: 'open',
      label: messages.library.openPage,
      icon: <ExternalLink aria-hidden="true" />,
      divided: true,
      href: onThisHost(image.links.page),
    },
    {
      key: 'delete',
      label: messages.library.delete,
      icon: <Trash2 aria-hidden="true" />,
      danger: true,
      act: onDelete,
    },
  ]
  return (
    <Menu label={messages.copy.more(nameOf(image))} items={items} {...(tabIndex === undefined ? {} : { tabIndex })} />
  )
}
