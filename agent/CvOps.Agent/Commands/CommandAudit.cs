using System.Text;
using System.Text.Json;

namespace CvOps.Agent.Commands;

/// <summary>A line of the device's own log of commands.</summary>
internal sealed record CommandRecord(DateTimeOffset At, string Id, string Name, string By, bool Succeeded, string Answer);

/// <summary>Who asked what of this device and what it answered, refusals too: lines of JSON, the last megabyte at least.</summary>
internal sealed class CommandAudit(string path)
{
    private const long Bytes = 1024 * 1024;
    private const int LongestText = 256;

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Record(CommandRecord record)
    {
        if (File.Exists(path) && new FileInfo(path).Length >= Bytes) File.Move(path, path + ".1", overwrite: true);
        // What a sender chose may not fill the file at once.
        var line = record with { Id = Short(record.Id), Name = Short(record.Name), By = Short(record.By), Answer = Short(record.Answer) };
        File.AppendAllText(path, JsonSerializer.Serialize(line, CommandJson.Default.CommandRecord) + "\n", new UTF8Encoding(false));
    }

    private static string Short(string? text) => text is null ? "" : text.Length > LongestText ? text[..LongestText] : text;
}
