import type { Test } from 'tap';
import { editBase } from '../../../collector/bundles/edit-base.ts';
import { TestTexts } from '../../../collector/bundles/test-texts.ts';
import type { BundleStore } from '../../../collector/store/contract.ts';
import { tempFolder } from '../../temp.ts';

/** What bundles need to be edited: tests in a folder of their own, and a data folder without rules. */
export function editingOver(t: Test, store: BundleStore) {
  const folder = tempFolder(t);
  const tests = new TestTexts(`${folder}/rule-tests`);
  return { tests, inForce: () => editBase(store, tests, { folder, more: [] }) };
}
