const fontSize = 13;
const lineHeight = 19;
const characterWidth = 7.8;
const margin = 16;

/** Draws the lines of a terminal; those that begin with the prompt stand out. */
export function drawTerminal(lines: readonly string[], prompt: string): string {
  const width = Math.ceil(Math.max(0, ...lines.map((line) => line.length)) * characterWidth) + 2 * margin;
  const height = lines.length * lineHeight + 2 * margin;
  const texts = lines.map((line, index) => {
    const y = margin + index * lineHeight + fontSize;
    const style = line.startsWith(prompt) ? ` class="command"` : "";
    return line === "" ? "" : `  <text x="${margin}" y="${y}"${style}>${escapeXml(line)}</text>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
  <title>A terminal</title>
  <style>
    text { font: ${fontSize}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #c9d1d9; white-space: pre }
    .command { fill: #7ee787; font-weight: bold }
  </style>
  <rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${texts.join("")}</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
