using System.IO.Compression;
using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Fleet.Storage.Portable;

/// <summary>A file that does not fit: damaged, torn, of another version.</summary>
internal sealed class PortableFileException(string message) : IOException(message);

/// <summary>
/// A fleet's databases as one file that either engine reads: gzip, a line of JSON each. The first names the format and the schema, then <c>{"table":...,"columns":[...]}</c>
/// before the rows of a table as arrays (bytes as <c>{"b64":...}</c>), and at the end the number of rows of each table: without it the file is torn.
/// </summary>
internal static class PortableFile
{
    public const int Format = 1;

    public sealed class Writer : IDisposable
    {
        private static readonly byte[] EndOfLine = "\n"u8.ToArray();

        private readonly string _path;
        private readonly FileStream _file;
        private readonly GZipStream _packed;
        private readonly Utf8JsonWriter _json;
        private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
        private string _table = "";

        /// <param name="path">Must not be there yet; appears when <see cref="Finish"/> is done.</param>
        /// <exception cref="IOException">There is such a file, or it cannot be written.</exception>
        public Writer(string path, int schema)
        {
            if (File.Exists(path)) throw new IOException($"{path} is there already; name another file.");
            _path = path;
            _file = new FileStream($"{path}.part", FileMode.Create, FileAccess.Write);
            _packed = new GZipStream(_file, CompressionLevel.Fastest);
            _json = new Utf8JsonWriter(_packed);
            Line(() =>
            {
                _json.WriteNumber("format", Format);
                _json.WriteNumber("schema", schema);
            });
        }

        public void Table(string name, IEnumerable<string> columns)
        {
            _table = name;
            _counts.TryAdd(name, 0);
            Line(() =>
            {
                _json.WriteString("table", name);
                _json.WriteStartArray("columns");
                foreach (var column in columns) _json.WriteStringValue(column);
                _json.WriteEndArray();
            });
        }

        public void Row(IEnumerable<object?> values)
        {
            _counts[_table]++;
            _json.WriteStartArray();
            foreach (var value in values) Write(value);
            _json.WriteEndArray();
            EndLine();
        }

        /// <returns>Rows of each table. The file is whole and on disk.</returns>
        public IReadOnlyDictionary<string, long> Finish()
        {
            Line(() =>
            {
                _json.WriteStartObject("counts");
                foreach (var (table, count) in _counts) _json.WriteNumber(table, count);
                _json.WriteEndObject();
            });
            _json.Dispose();
            _packed.Dispose();
            // GZipStream has closed the file.
            using (var written = new FileStream($"{_path}.part", FileMode.Open, FileAccess.ReadWrite)) DurableFile.Sync(written);
            DurableFile.Replace($"{_path}.part", _path);
            return _counts;
        }

        public void Dispose()
        {
            _json.Dispose();
            _packed.Dispose();
            _file.Dispose();
            File.Delete($"{_path}.part");
        }

        private void Write(object? value)
        {
            switch (value)
            {
                case null or DBNull: _json.WriteNullValue(); break;
                case byte[] bytes:
                    _json.WriteStartObject();
                    _json.WriteBase64String("b64", bytes);
                    _json.WriteEndObject();
                    break;
                case string text: _json.WriteStringValue(text); break;
                case double number: _json.WriteNumberValue(number); break;
                default: _json.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)); break;
            }
        }

        private void Line(Action content)
        {
            _json.WriteStartObject();
            content();
            _json.WriteEndObject();
            EndLine();
        }

        private void EndLine()
        {
            _json.Flush();
            _json.Reset();
            _packed.Write(EndOfLine);
        }
    }

    /// <summary>Reads through the file, table after table.</summary>
    /// <param name="schema">The schema this fleet knows.</param>
    /// <param name="table">Called with a table's name and columns; gives what takes its rows.</param>
    /// <returns>Rows of each table, as many as the file says it has.</returns>
    /// <exception cref="PortableFileException">The file is damaged, torn, or of a version this fleet does not know.</exception>
    public static IReadOnlyDictionary<string, long> Read(string path, int schema, Func<string, string[], Action<object?[]>> table)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        try
        {
            using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
            CheckHead(path, reader.ReadLine(), schema);
            var (name, take) = ("", (Action<object?[]>)(_ => throw new PortableFileException($"{path} has rows before a table.")));
            while (reader.ReadLine() is { } line)
            {
                using var document = JsonDocument.Parse(line);
                var root = document.RootElement;
                if (root.ValueKind == JsonValueKind.Array)
                {
                    take([.. root.EnumerateArray().Select(Value)]);
                    counts[name]++;
                }
                else if (root.TryGetProperty("table", out var told))
                {
                    name = told.GetString()!;
                    counts[name] = 0;
                    take = table(name, [.. root.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!)]);
                }
                else
                {
                    foreach (var count in root.GetProperty("counts").EnumerateObject())
                        if (counts.GetValueOrDefault(count.Name) != count.Value.GetInt64())
                            throw new PortableFileException($"{path} should have {count.Value} rows of {count.Name} and has {counts.GetValueOrDefault(count.Name)}: it is damaged.");
                    // To the very end, where gzip has its own sum.
                    if (reader.ReadLine() is not null) throw new PortableFileException($"{path} goes on after its end: it is damaged.");
                    return counts;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new PortableFileException($"{path} is no export of a fleet, or damaged: {e.Message}");
        }
        throw new PortableFileException($"{path} ends in the middle: the export was cut off, or the copy. Export again.");
    }

    private static void CheckHead(string path, string? line, int schema)
    {
        using var head = JsonDocument.Parse(line ?? throw new PortableFileException($"{path} is empty."));
        var format = head.RootElement.GetProperty("format").GetInt32();
        var made = head.RootElement.GetProperty("schema").GetInt32();
        if (format != Format) throw new PortableFileException($"{path} has format {format}; this fleet reads {Format}.");
        if (made != schema) throw new PortableFileException($"{path} was made by a fleet of schema {made}, this one has {schema}: start the older fleet's data once under this version, then export.");
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number when element.TryGetInt64(out var number) => number,
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.Object => element.GetProperty("b64").GetBytesFromBase64(),
        _ => throw new FormatException($"A value is {element.ValueKind}."),
    };
}
