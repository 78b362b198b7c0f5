// What the page says: the table of its language, each text filled; {n#number|numbers} chooses a word by a count.

const language = { code: "en", words: {} };

function tell(key, fields = {}) {
  return language.words[key].replace(/\{(\p{L}[\p{L}\p{N}]*)(?:#([^{}]*))?\}/gu, (_, name, forms) => {
    const value = fields[name];
    if (forms !== undefined) return forms.split("|")[form(value, forms)];
    return typeof value === "number" ? counted(value) : value;
  });
}

/** Which of the forms of a word goes with a count: two in English, three in Russian. */
function form(count, forms) {
  const category = new Intl.PluralRules(language.code).select(count);
  return forms.split("|").length === 2 ? Number(category !== "one") : { one: 0, few: 1 }[category] ?? 2;
}

const counted = (n) => n.toLocaleString(language.code);
