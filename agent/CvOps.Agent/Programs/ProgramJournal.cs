using System.Text.Json;
using CvOps.Agent.Update;

namespace CvOps.Agent.Programs;

/// <summary>The programs' memory: written and flushed before anything acts on it. One writer at a time: the launcher, then the loop of the program that it started.</summary>
internal sealed class ProgramJournal
{
    private readonly string _path;

    private ProgramJournal(string path, ProgramRecord current, string? problem) => (_path, Current, Problem) = (path, current, problem);

    /// <summary>What is on disk now.</summary>
    public ProgramRecord Current { get; private set; }

    /// <summary>Why the file found could not be used, in a sentence; null when all is well. The file is kept aside as <c>.unreadable</c>.</summary>
    public string? Problem { get; }

    public static ProgramJournal Open(string path)
    {
        if (!File.Exists(path)) return new ProgramJournal(path, new ProgramRecord(), null);
        string problem;
        try
        {
            var found = JsonSerializer.Deserialize(File.ReadAllBytes(path), ProgramJson.Default.ProgramRecord) ?? throw new JsonException("it is empty");
            if (found.Format <= ProgramRecord.CurrentFormat) return new ProgramJournal(path, found, null);
            problem = $"it has format {found.Format}, this agent reads up to {ProgramRecord.CurrentFormat}";
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            problem = e.Message.TrimEnd('.');
        }
        try
        {
            File.Move(path, path + ".unreadable", overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem += $"; nor can it be set aside ({e.Message.TrimEnd('.')})";
        }
        return new ProgramJournal(path, new ProgramRecord(), $"The journal of programs '{path}' cannot be used ({problem}): the installed program runs.");
    }

    /// <summary>For another process than the agent's: reads what is there and touches nothing.</summary>
    /// <returns>Null when there is none, or none that can be read at this moment.</returns>
    public static ProgramRecord? Peek(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), ProgramJson.Default.ProgramRecord) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Stores the record durably, then makes it current.</summary>
    /// <exception cref="IOException">It could not be stored; <see cref="Current"/> is unchanged. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Save(ProgramRecord next)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        ReservedFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(next, ProgramJson.Default.ProgramRecord));
        Current = next;
    }

    /// <returns>Why not, in a sentence; null when it was stored.</returns>
    public string? TrySave(ProgramRecord next)
    {
        try
        {
            Save(next);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
