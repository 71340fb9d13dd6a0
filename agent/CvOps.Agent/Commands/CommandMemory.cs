using System.Text.Json;
using System.Text.Json.Serialization;
using CvOps.Contracts;

namespace CvOps.Agent.Commands;

/// <summary>
/// Which commands were done, on disk before anything is done. One that has expired is forgotten, and with it every other that expires no later: a clock that
/// is set back brings no old command to life.
/// </summary>
internal sealed class CommandMemory
{
    /// <summary>In the file, what is no command's id: until when commands are forgotten.</summary>
    private const string Forgotten = "";

    private readonly string _path;
    private readonly Dictionary<string, DateTimeOffset> _done;

    /// <param name="path">Made when missing.</param>
    public CommandMemory(string path, TimeProvider time)
    {
        _path = path;
        try
        {
            _done = File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), CommandJson.Default.DictionaryStringDateTimeOffset) ?? [] : [];
        }
        catch (JsonException)
        {
            // What was done cannot be told: whatever could be a replay now is refused for as long as one can live.
            _done = new() { [Forgotten] = time.GetUtcNow() + CommandGate.LongestLife };
        }
        ForgottenUntil = _done.Remove(Forgotten, out var until) ? until : DateTimeOffset.MinValue;
    }

    /// <summary>Ids of commands done, with their expiry.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Done => _done;

    /// <summary>Of commands that expire until then it is not known whether they were done.</summary>
    public DateTimeOffset ForgottenUntil { get; private set; }

    public void Forget(DateTimeOffset now)
    {
        foreach (var (id, expiry) in _done.Where(it => it.Value + CommandGate.ClockSkew < now).ToArray())
        {
            _done.Remove(id);
            if (expiry > ForgottenUntil) ForgottenUntil = expiry;
        }
    }

    /// <exception cref="IOException">It could not be noted.</exception>
    public void Note(string id, DateTimeOffset expiry)
    {
        _done[id] = expiry;
        var all = new Dictionary<string, DateTimeOffset>(_done) { [Forgotten] = ForgottenUntil };
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(all, CommandJson.Default.DictionaryStringDateTimeOffset));
    }
}

[JsonSerializable(typeof(Dictionary<string, DateTimeOffset>))]
[JsonSerializable(typeof(CommandRecord))]
internal sealed partial class CommandJson : JsonSerializerContext;
