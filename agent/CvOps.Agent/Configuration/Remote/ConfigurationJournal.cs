using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>The configuration's memory: on disk before anything acts on it, so a kill resumes at a known place. One writer: the configuration loop.</summary>
internal sealed class ConfigurationJournal
{
    /// <summary>Tries of one configuration that may end with the process; then it is rolled back.</summary>
    public const int DeathLimit = 3;

    private readonly string _path;
    private ConfigurationRecord _current;

    private ConfigurationJournal(string path, ConfigurationRecord current, string? problem) => (_path, _current, Problem) = (path, current, problem);

    /// <summary>What is on disk now. Safe from any thread.</summary>
    public ConfigurationRecord Current => Volatile.Read(ref _current);

    /// <summary>Why the file found could not be used, in a sentence; null when all is well. It is kept aside as <c>.unreadable</c>.</summary>
    public string? Problem { get; }

    public static string PathIn(string data) => Path.Combine(data, "configuration.json");

    /// <summary>Reads the journal and works out where to go on; writes nothing.</summary>
    public static ConfigurationJournal Open(string path)
    {
        if (!File.Exists(path)) return new ConfigurationJournal(path, new ConfigurationRecord(), null);
        string problem;
        try
        {
            var found = Read(path);
            if (found.Format <= ConfigurationRecord.CurrentFormat) return new ConfigurationJournal(path, AfterRestart(found), null);
            problem = $"it has format {found.Format}, this agent reads up to {ConfigurationRecord.CurrentFormat}";
        }
        catch (JsonException e)
        {
            problem = e.Message;
        }
        File.Move(path, path + ".unreadable", overwrite: true);
        return new ConfigurationJournal(path, new ConfigurationRecord(),
            $"The journal of configurations '{path}' cannot be used ({problem}); it is kept as '.unreadable', and the device's own file holds until the fleet says otherwise.");
    }

    /// <summary>For another process than the agent's: reads what is there and touches nothing.</summary>
    /// <returns>Null when there is none, or none that can be read at this moment.</returns>
    public static ConfigurationRecord? Peek(string path)
    {
        try
        {
            return File.Exists(path) ? Read(path) : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>Stores the record durably, then makes it current.</summary>
    /// <exception cref="IOException">It could not be stored; <see cref="Current"/> is unchanged. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Save(ConfigurationRecord next)
    {
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(next, ConfigurationJson.Default.ConfigurationRecord));
        Volatile.Write(ref _current, next);
    }

    /// <summary>What a record found at start means: the agent comes up with what was proven, and tries again what was not. Pure.</summary>
    internal static ConfigurationRecord AfterRestart(ConfigurationRecord found)
    {
        if (found.State == ConfigurationState.RollingBack) return found with { State = ConfigurationState.RolledBack };
        if (!ConfigurationMachine.IsBusy(found.State)) return found;
        var deaths = found.Deaths + 1;
        return deaths < DeathLimit
            ? found with { State = ConfigurationState.Applying, Deaths = deaths }
            : found with { State = ConfigurationState.RolledBack, Deaths = deaths, Reason = $"The agent ended {deaths} times while this configuration was {(found.State == ConfigurationState.Applying ? "applied" : "soaking")}." };
    }

    private static ConfigurationRecord Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(path), ConfigurationJson.Default.ConfigurationRecord) ?? throw new JsonException("it is empty");
}
