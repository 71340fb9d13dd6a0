using System.Security.Cryptography;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <summary>How far the step in progress is and what it waits for: told by the step, read by whoever reports it.</summary>
/// <param name="Bytes">Fetched so far.</param>
internal sealed record ProgramStatus(long? Bytes = null, string? WaitsFor = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null);

/// <summary>The steps before the trial, one a state. Each does its work and says what the record becomes of it; the journal is the loop's. Every step may be taken again.</summary>
internal sealed class ProgramSteps(ProgramFolder folder, ProgramGate gate, ProgramDownload download, QuietPoint quiet, Func<ProgramBefore> before, ProgramLaunch launch, string configuration, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>Raised with each change of what a step has to say.</summary>
    public event Action<ProgramStatus>? Told;

    /// <returns>The record when the step is done, its state left to the table.</returns>
    /// <exception cref="UpdateRefusedException">The step failed, in a sentence. So for <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</exception>
    public async Task<ProgramRecord> TakeAsync(ProgramRecord now, CancellationToken cancel)
    {
        var target = now.Target!;
        switch (now.State)
        {
            case ProgramState.Downloading:
                await download.FetchAsync(target, bytes => Told?.Invoke(new ProgramStatus(bytes)), cancel);
                return now;
            case ProgramState.Verifying:
                await LowPriority.RunAsync("verify program", () => gate.Verify(folder.PackageOf(target.Digest), target));
                // From the next state on the free slot is written to: nothing whole is in it, and nothing goes back to it.
                return now.With(now.Free, null) with { Previous = now.Previous == now.Free ? null : now.Previous };
            case ProgramState.Unpacking:
                return now.With(now.Free, await LowPriority.RunAsync("unpack program", () => Unpack(target, now.Free, cancel)));
            case ProgramState.Checking:
                await CheckAsync(now, cancel);
                return now;
            case ProgramState.Waiting:
                await WaitAsync(cancel);
                return now with { Trial = now.Free, Starts = 0, WasReady = false, LastWords = null, Before = before() };
            default:
                throw new InvalidOperationException($"The state {now.State} has no step.");
        }
    }

    private SlotContent Unpack(DesiredProgram target, ProgramSlot slot, CancellationToken cancel)
    {
        try
        {
            // Once more: the file may have lain here for days.
            var package = gate.Verify(folder.PackageOf(target.Digest), target);
            folder.Clear(slot);
            ProgramDownload.RequireSpace(folder, package.Manifest.Bytes);
            ProgramTree.Unpack(package, folder.FilesOf(slot), cancel);
            DurableFile.Write(folder.ManifestOf(slot), package.Document.Span);
            DurableFile.SyncFolder(folder.Root);
            return new SlotContent(package.Manifest.Version, package.Digest, Convert.ToHexStringLower(SHA256.HashData(package.Document.Span)));
        }
        catch (Contracts.Packages.PackageException e)
        {
            throw new UpdateRefusedException(e.Message);
        }
    }

    private async Task CheckAsync(ProgramRecord now, CancellationToken cancel)
    {
        var why = "";
        var entry = await LowPriority.RunAsync("check program", () => folder.EntryOf(now.Free, now.In(now.Free), out why));
        if (entry is null) throw new UpdateRefusedException($"What was unpacked is not the program any more: {why}.");
        if (await ProgramProbe.CheckAsync(entry, configuration, (launch with { Slot = now.Free }).Variables, cancel) is { } refusal) throw new UpdateRefusedException(refusal);
    }

    private async Task WaitAsync(CancellationToken cancel)
    {
        try
        {
            DateTimeOffset? since = null;
            string? said = null;
            while (quiet.WaitsFor() is { } wait)
            {
                if (wait.For != said) Told?.Invoke(new ProgramStatus(null, wait.For, since ??= time.GetUtcNow(), wait.Until));
                said = wait.For;
                await Task.Delay(Look, time, cancel);
            }
        }
        finally
        {
            quiet.Done();
        }
    }
}
