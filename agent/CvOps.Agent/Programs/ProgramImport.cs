using CvOps.Agent.Configuration;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Import;
using CvOps.Contracts;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <summary><c>cvops-agent import</c> of a <c>.cvagent</c>: a program that came by hand.</summary>
internal static class ProgramImport
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Copies, verifies and leaves it for the agent.</summary>
    /// <param name="wait">Until the change is over, which takes as long as its trial.</param>
    /// <returns>False when it ended without this program in charge.</returns>
    /// <exception cref="UpdateRefusedException">It is no program for this device.</exception>
    public static async Task<bool> RunAsync(string path, AgentOptions options, bool wait, TextWriter output)
    {
        if (!File.Exists(path)) throw new UpdateRefusedException($"There is no file {path}.");
        // Opened before root becomes another: the agent's user need not be able to read what a person brought.
        using var source = File.OpenRead(path);
        if (!source.CanSeek || source.Length is 0 or > Limits.ProgramPackageBytes) throw new UpdateRefusedException($"{path} is no program package: it has {(source.CanSeek ? source.Length : 0)} bytes, and one has 1 to {Limits.ProgramPackageBytes}.");
        FolderOwner.ActAs(options.Data);
        var folder = new ProgramFolder(options.Data);
        Directory.CreateDirectory(folder.Root);
        ProgramDownload.RequireSpace(folder, source.Length);
        var before = ProgramJournal.Peek(folder.JournalPath);
        var package = Take(path, source, folder, new ProgramGate(options.Model.TrustedKeys, options.Data, TimeProvider.System));
        output.WriteLine($"cvops-agent {package.Manifest.Version} for {package.Manifest.Runtime} ({package.Digest}), {package.Bytes} bytes, is verified and kept.");
        return !await ImportTaken.WaitAsync(folder.WantedPath, output) || !wait || await UntilRestAsync(folder, package, before?.Since, output);
    }

    private static ProgramPackage Take(string path, Stream source, ProgramFolder folder, ProgramGate gate)
    {
        var copy = folder.Receive(source);
        try
        {
            var package = gate.Verify(copy, null);
            folder.Want(package);
            return package;
        }
        catch (UpdateRefusedException e)
        {
            folder.Discard();
            throw new UpdateRefusedException($"{path} is refused: {e.Message.Replace(copy, "it", StringComparison.Ordinal)}");
        }
        catch
        {
            folder.Discard();
            throw;
        }
    }

    private static async Task<bool> UntilRestAsync(ProgramFolder folder, ProgramPackage package, DateTimeOffset? before, TextWriter output)
    {
        ProgramState? said = null;
        while (true)
        {
            if (ProgramJournal.Peek(folder.JournalPath) is { } now && now.Since != before)
            {
                if (now.Target?.Digest != package.Digest)
                {
                    output.WriteLine($"Another program is wanted meanwhile: {now.Target?.Version}.");
                    return false;
                }
                if (now.State != said) output.WriteLine($"  {now.State}{(said is null ? " (Ctrl-C ends the waiting, not the change)" : "")}");
                said = now.State;
                if (!ProgramMachine.IsBusy(now.State))
                {
                    var inCharge = now.State == ProgramState.Committed;
                    output.WriteLine(inCharge ? $"{package.Manifest.Version} is in charge." : $"The change ended, and {now.In(now.Charge)?.Version ?? "the installed program"} is in charge: {now.Reason}");
                    return inCharge;
                }
            }
            await Task.Delay(Look);
        }
    }
}
