/** A page of its own for the virtual table, with more rows than a browser could draw. */
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { listenToKeys } from '../../../collector/web/keys/shortcuts.ts';
import type { TableColumn } from '../../../collector/web/table/column.ts';
import { VirtualTable } from '../../../collector/web/table/virtual-table.tsx';
import '../../../collector/web/style/tokens.css';
import '../../../collector/web/style/base.css';
import '../../../collector/web/style/tables.css';
import '../../../collector/web/style/grid.css';

interface Row {
  readonly key: string;
  readonly name: string;
  readonly size: number;
}

const rows: readonly Row[] = Array.from({ length: 100_000 }, (_, i) => ({
  key: `r${i}`,
  name: `process ${i}\u202e <b>x</b>`,
  size: (i * 7919) % 100_003,
}));

const columns: readonly TableColumn<Row>[] = [
  { id: 'key', title: 'Key', width: 120, text: ({ key }) => key },
  { id: 'name', title: 'Name', width: 300, grows: true, text: ({ name }) => name },
  {
    ...{ id: 'size', title: 'Size', width: 120, align: 'end' },
    text: ({ size }) => String(size),
    sortBy: ({ size }) => size,
  },
  { id: 'more', title: 'More', width: 120, isHidden: true, text: ({ size }) => `more ${size}` },
];

const keyOf = ({ key }: Row) => key;

function Page() {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState('');
  return (
    <main>
      <h1>
        {selected.size} selected, opened {opened}
      </h1>
      <VirtualTable
        label="Rows"
        name="test"
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        height="600px"
        selected={selected}
        onSelect={setSelected}
        onOpen={({ key }) => setOpened(key)}
      />
    </main>
  );
}

listenToKeys();
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Page />);
