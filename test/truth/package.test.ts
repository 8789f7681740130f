import { furnishDpkg, packageActs, packageSettings } from './acts/package.ts';
import { checkActs } from './check-acts.ts';

checkActs(packageActs, () => ({ package: packageSettings }), furnishDpkg);
