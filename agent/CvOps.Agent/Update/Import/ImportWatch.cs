using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update.Import;

/// <summary>Follows an import from outside the agent, by the journal that the agent keeps anyway.</summary>
internal sealed class ImportWatch(string data, ImportFolder folder, TextWriter output)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <param name="wait">Until the update is over; only until the agent has the package otherwise.</param>
    /// <returns>False when the update ended without the package in charge.</returns>
    public async Task<bool> UntilOverAsync(ModelPackage package, bool wait)
    {
        return !await ImportTaken.WaitAsync(folder.WantedPath, output) || !wait || await UntilRestAsync(package);
    }

    private async Task<bool> UntilRestAsync(ModelPackage package)
    {
        UpdateState? said = null;
        while (true)
        {
            if (UpdateJournal.Peek(Path.Combine(data, "update.json")) is { } now)
            {
                var rests = !UpdateMachine.IsBusy(now.State);
                if (rests && now.Active?.Digest == package.Digest)
                {
                    output.WriteLine($"{package.Ref.Name} {package.Ref.Version} is in charge.");
                    return true;
                }
                if (now.Target?.Model.Digest != package.Digest && now.Active?.Digest != package.Digest)
                {
                    output.WriteLine($"Another model is wanted meanwhile: {now.Target?.Model.Name} {now.Target?.Model.Version}.");
                    return false;
                }
                if (now.State != said)
                {
                    output.WriteLine($"  {now.State}{(now.State == UpdateState.Verifying && said is null ? " (Ctrl-C ends the waiting, not the update)" : "")}");
                    said = now.State;
                }
                if (rests)
                {
                    output.WriteLine($"The update ended, and {now.Active?.Name ?? "no model"} {now.Active?.Version} is in charge: {now.Reason}");
                    return false;
                }
            }
            await Task.Delay(Look);
        }
    }
}
