import type { Transformation } from './transformation.ts';

/** Replaces the whole logsource; parts not given are gone. */
export const changeLogsource: Transformation = {
  type: 'change_logsource',
  read: (parameters) => {
    const part = (key: string) => parameters.optionalText(key)?.toLowerCase();
    const logsource = { category: part('category'), product: part('product'), service: part('service') };
    if (Object.values(logsource).every((value) => value === undefined))
      parameters.fail('`change_logsource` gives no category, product or service');
    return (work) => {
      const rule = work.detecting;
      if (rule === undefined) return;
      if (rule.kind === 'filter') work.set({ ...rule, logsource });
      else work.set({ ...rule, logsource, writtenLogsource: rule.writtenLogsource ?? rule.logsource });
    };
  },
};
