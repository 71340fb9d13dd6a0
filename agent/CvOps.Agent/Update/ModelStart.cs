using CvOps.Agent.Configuration;
using CvOps.Agent.Inference;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update;

/// <summary>
/// The model's part of a start: the committed model comes back from disk, verified and self-tested again; a device without one may begin with
/// the package its configuration names. A model that cannot be loaded gives way to the previous one, never to an unverified one.
/// </summary>
internal sealed partial class ModelStart(UpdateJournal journal, ModelOptions models, ModelFolder folder, ModelLoader loader, ModelSlots slots, ILogger<ModelStart> log)
{
    public async Task RunAsync()
    {
        if (journal.Problem is { } problem) Log.JournalUnusable(log, problem);
        // The count is on disk before the model's code runs: what kills the process is counted.
        Note(journal.Current with { UnprovenStarts = journal.Current.UnprovenStarts + 1 });
        if (journal.Current.Active is { } committed) await LoadAsync(committed);
        else if (models.Package is { } package) await AdoptAsync(package);
        await CompareAgainAsync();
        if (slots.Active is { } active) Log.ModelInCharge(log, active.Ref.Name, active.Ref.Version, active.Session.Provider);
        else Log.NoModel(log);
        // Copies of the package, which nobody needs any more, would stay for as long as nothing is allocated: that is, for ever.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private async Task LoadAsync(ModelRef committed)
    {
        if (await TryAsync(committed) is not { } refused) return;
        Log.CommittedModelRefused(log, committed.Name, committed.Version, refused);
        var now = journal.Current;
        if (now.Previous is not { } previous || await TryAsync(previous) is not null)
        {
            Note(now with { Reason = refused });
            return;
        }
        if (UpdateMachine.IsBusy(now.State))
        {
            // The update goes on, or back, to this one.
            Note(now with { Active = previous, Previous = null, UnprovenStarts = 0, Reason = refused });
            return;
        }
        // Through the table: the previous model is in charge already, the loop's next step only finds it so.
        Note(now with
        {
            State = now.State == UpdateState.RolledBack ? UpdateState.RolledBack : UpdateMachine.Next(now.State, UpdateEvent.ReturnWanted),
            Target = now.Target is { } target ? target with { Model = committed } : null,
            Active = previous,
            Previous = null,
            UnprovenStarts = 0,
            Reason = refused,
        });
    }

    /// <summary>First start without a fleet: nothing is in charge, so nothing can be lost by trying.</summary>
    private async Task AdoptAsync(string path)
    {
        try
        {
            var package = await LowPriority.RunAsync("read model", () => loader.Verify(path, null));
            var model = await loader.SelfTestAsync(package, await loader.OpenAsync(package));
            folder.Add(path, package.Digest);
            Note(journal.Current with { Active = package.Ref });
            slots.Activate(model);
        }
        catch (Exception e) when (e is UpdateRefusedException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([new Mistake(0, "model.package", e.Message)]);
        }
    }

    /// <summary>A comparison the fleet asked for goes on after a restart.</summary>
    private async Task CompareAgainAsync()
    {
        var now = journal.Current;
        if (now.State != UpdateState.Committed || now.Previous is null || now.Target is not { CompareWithPrevious: true } target) return;
        if (target.Model.Digest != slots.Active?.Ref.Digest) return;
        try
        {
            slots.SetShadow(await loader.LoadCommittedAsync(now.Previous));
            slots.AskShadow = true;
        }
        catch (UpdateRefusedException e)
        {
            Log.CommittedModelRefused(log, now.Previous.Name, now.Previous.Version, e.Message);
        }
    }

    /// <returns>Why not; null when it is in charge.</returns>
    private async Task<string?> TryAsync(ModelRef model)
    {
        try
        {
            slots.Activate(await loader.LoadCommittedAsync(model));
            if (loader.Doubt is { } doubt) Log.ModelInDoubt(log, model.Name, model.Version, doubt);
            return null;
        }
        catch (UpdateRefusedException e)
        {
            return e.Message;
        }
    }

    /// <summary>A disk that refuses must not keep a device from inspecting; the next start will find what this one found.</summary>
    private void Note(UpdateRecord next)
    {
        if (!journal.TrySave(next, out var problem)) Log.NotNoted(log, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4024, Level = LogLevel.Error, Message = "The update journal cannot be written: {Reason}")]
        public static partial void NotNoted(ILogger log, string reason);

        [LoggerMessage(EventId = 4020, Level = LogLevel.Error, Message = "{Problem}")]
        public static partial void JournalUnusable(ILogger log, string problem);

        [LoggerMessage(EventId = 4021, Level = LogLevel.Error, Message = "The committed model {Name} {Version} cannot be loaded: {Reason}")]
        public static partial void CommittedModelRefused(ILogger log, string name, string version, string reason);

        [LoggerMessage(EventId = 4022, Level = LogLevel.Information, Message = "Model {Name} {Version} is in charge on {Provider}")]
        public static partial void ModelInCharge(ILogger log, string name, string version, string provider);

        [LoggerMessage(EventId = 4025, Level = LogLevel.Warning, Message = "Model {Name} {Version} stays in charge, but would not be let in today: {Reason}")]
        public static partial void ModelInDoubt(ILogger log, string name, string version, string reason);

        [LoggerMessage(EventId = 4023, Level = LogLevel.Warning, Message = "No model is in charge yet: frames are taken but not inspected until the fleet assigns one")]
        public static partial void NoModel(ILogger log);
    }
}
