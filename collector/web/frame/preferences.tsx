import { applyTheme, theme } from '../header/theme.ts';
import { browserZone, timeZone, zones } from '../time/zone.ts';

const themeWords = { system: 'System', light: 'Light', dark: 'Dark' } as const;

function ThemeChoice() {
  const chosen = theme.use();
  return (
    <fieldset className="tabs">
      <legend className="hidden-text">Colours</legend>
      {(['system', 'light', 'dark'] as const).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={chosen === one}
          onClick={() => {
            theme.set(one);
            applyTheme();
          }}
        >
          {themeWords[one]}
        </button>
      ))}
    </fieldset>
  );
}

/** In which zone times are shown. */
function ZoneChoice() {
  const chosen = timeZone.use();
  return (
    <label className="zone-choice">
      <span>Times in</span>
      <select value={chosen} onChange={(event) => timeZone.set(event.target.value)}>
        <option value="local">Here ({browserZone()})</option>
        <option value="utc">UTC</option>
        <optgroup label="Other zones">
          {zones().map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </optgroup>
      </select>
    </label>
  );
}

/** What a person sets for this browser. */
export function Preferences() {
  return (
    <div className="preferences">
      <ThemeChoice />
      <ZoneChoice />
    </div>
  );
}
