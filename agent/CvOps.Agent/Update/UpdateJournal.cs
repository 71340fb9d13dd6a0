using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>
/// The update's memory: written and flushed before anything acts on it, so a kill resumes at a known place.
/// One writer: the update loop.
/// </summary>
internal sealed class UpdateJournal
{
    /// <summary>Saves one update may take. A clean one takes nine; a device that keeps ending half-way ends here instead of trying for ever.</summary>
    public const int SaveLimit = 40;

    /// <summary>Tries of one model that may end with the process; then it is not tried again until the desired version rises.</summary>
    public const int DeathLimit = 3;

    /// <summary>Starts that may end early before the previous model is taken instead.</summary>
    public const int UnprovenStartLimit = 3;

    private readonly string _path;

    private UpdateJournal(string path, UpdateRecord current, string? problem) => (_path, Current, Problem) = (path, current, problem);

    /// <summary>What is on disk now.</summary>
    public UpdateRecord Current { get; private set; }

    /// <summary>Why the file found could not be used, in a sentence; null when all is well. The file is kept aside as <c>.unreadable</c>.</summary>
    public string? Problem { get; }

    /// <summary>Reads the journal and works out where to go on; writes nothing.</summary>
    public static UpdateJournal Open(string path)
    {
        if (!File.Exists(path)) return new UpdateJournal(path, new UpdateRecord(), null);
        string problem;
        try
        {
            var found = JsonSerializer.Deserialize(File.ReadAllBytes(path), UpdateJson.Default.UpdateRecord)
                ?? throw new JsonException("it is empty");
            if (found.Format <= UpdateRecord.CurrentFormat) return new UpdateJournal(path, AfterRestart(found), null);
            problem = $"it has format {found.Format}, this agent reads up to {UpdateRecord.CurrentFormat}";
        }
        catch (JsonException e)
        {
            problem = e.Message;
        }
        File.Move(path, path + ".unreadable", overwrite: true);
        return new UpdateJournal(path, new UpdateRecord(),
            $"The update journal '{path}' cannot be used ({problem}); it is kept as '.unreadable' and the desired twin decides which model is loaded.");
    }

    /// <summary>For another process than the agent's: reads what is there and touches nothing.</summary>
    /// <returns>Null when there is none, or none that can be read at this moment.</returns>
    public static UpdateRecord? Peek(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), UpdateJson.Default.UpdateRecord) : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>Stores the record durably, then makes it current.</summary>
    /// <exception cref="IOException">It could not be stored; <see cref="Current"/> is unchanged. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public void Save(UpdateRecord next)
    {
        // Less than before is told: the count begins anew.
        if (next.Saves >= Current.Saves) next = next with { Saves = UpdateMachine.IsBusy(next.State) || UpdateMachine.IsBusy(Current.State) ? Current.Saves + 1 : 0 };
        ReservedFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(next, UpdateJson.Default.UpdateRecord));
        Current = next;
    }

    /// <summary>For what is worth noting and not worth stopping for.</summary>
    public bool TrySave(UpdateRecord next, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            Save(next);
            problem = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return false;
        }
    }

    /// <summary>What a record found at start means. Pure.</summary>
    internal static UpdateRecord AfterRestart(UpdateRecord found)
    {
        // The model in charge keeps killing the agent: take the one before.
        if (found.UnprovenStarts >= UnprovenStartLimit && found.Previous is not null && !UpdateMachine.IsBusy(found.State))
        {
            return found with
            {
                State = UpdateState.RollingBack,
                Active = found.Previous,
                Previous = null,
                UnprovenStarts = 0,
                Reason = $"The agent ended {found.UnprovenStarts} times in a row soon after it started with this model.",
            };
        }
        var state = UpdateMachine.Resume(found.State);
        if (UpdateMachine.IsBusy(state) && found.Saves >= SaveLimit)
        {
            return found with { State = UpdateState.RollingBack, TryAgain = false, Reason = $"The update was begun anew too often (after {found.Saves} steps it is given up)." };
        }
        if (state != UpdateState.RollingBack || found.State == UpdateState.RollingBack) return found with { State = state };
        // The new model is what is suspected; the starts of the one in charge are not to blame for it.
        var deaths = found.Deaths + 1;
        return found with
        {
            State = state, UnprovenStarts = 0, Deaths = deaths, TryAgain = deaths < DeathLimit,
            Reason = $"The agent ended while the update was in the state {found.State}, {(deaths == 1 ? "once" : $"{deaths} times")} with this model.",
        };
    }
}
