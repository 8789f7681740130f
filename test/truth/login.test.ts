import { loginActs } from './acts/login.ts';
import { checkActs } from './check-acts.ts';
import { furnishPlace, lacksPlace } from './login-place.ts';

checkActs(loginActs, undefined, (root) => {
  if (lacksPlace() === false) furnishPlace(root);
});
