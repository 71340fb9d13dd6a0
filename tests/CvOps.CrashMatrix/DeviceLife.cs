using System.Diagnostics;
using System.Text.Json;
using CvOps.Agent.Update;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.CrashMatrix;

/// <summary>One operation on the disk, and the state the update was in.</summary>
/// <param name="Number">From 1.</param>
internal sealed record DiskOperation(int Number, UpdateState State, string What);

/// <summary>How a process's life went.</summary>
/// <param name="End">Null when it was killed.</param>
internal sealed record LifeStory(IReadOnlyList<UpdateState> States, IReadOnlyList<DiskOperation> Operations, HostEnd? End, string Output);

/// <summary>A device with v1 committed that is told to take v2, in charge or in shadow. It may live several times on the same disk.</summary>
internal sealed class DeviceLife(PackageShop shop, UnkindDisk disk) : IDisposable
{
    private const int KilledBySignal = 128 + 9;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly TestFolder _folder = new();
    private int _lives;

    public string Data => _folder["data"];

    /// <summary>What it is told to take, each time it lives.</summary>
    public DesiredModel Wants { get; private set; } = shop.V2;

    public void WantShadow() => Wants = Wants with { Stage = ModelStage.Shadow };

    /// <summary>What the last life made durable.</summary>
    public string Durable => _folder[$"durable{_lives}"];

    /// <summary>Puts models on the disk as an earlier update would have left them; the last is in charge, the one before it the way back.</summary>
    public void Commit(params DesiredModel[] models)
    {
        Directory.CreateDirectory(Path.Combine(Data, "models"));
        foreach (var model in models) File.Copy(shop.PathOf(model), Path.Combine(Data, "models", model.Model.Digest + ".cvmodel"));
        Note(new UpdateRecord
        {
            State = UpdateState.Committed, DesiredVersion = models.Length, Active = models[^1].Model, Previous = models.Length > 1 ? models[^2].Model : null, Target = models[^1],
        });
    }

    /// <summary>v2 was tried once too often, and the way back has only begun.</summary>
    public void BeginRollback()
    {
        Commit(shop.V1);
        File.Copy(shop.PathOf(shop.V2), Path.Combine(Data, "models", shop.V2.Model.Digest + ".cvmodel"));
        Note(new UpdateRecord { State = UpdateState.RollingBack, DesiredVersion = 2, Active = shop.V1.Model, Target = shop.V2, Reason = "It was too slow." });
    }

    /// <summary>The folder another device had, or what a power cut left of it.</summary>
    public void TakeOver(DeviceLife other, bool afterPowerCut)
    {
        Wants = other.Wants;
        if (afterPowerCut) UnkindDisk.AfterPowerCut(other.Durable, Data);
        else Copy(other.Data, Data);
    }

    /// <summary>Lives until it is at rest, or is killed.</summary>
    public async Task<LifeStory> LiveAsync(Unkindness? unkind = null, Func<HostOrder, HostOrder>? change = null)
    {
        _lives++;
        var log = _folder[$"log{_lives}"];
        var order = new HostOrder
        {
            Data = Data, TrustedKeys = shop.TrustedKeys, Log = log, Library = unkind is null ? null : disk.Library,
            Desired = new TwinDesired { Version = 2, Model = Wants },
        };
        if (change is not null) order = change(order);
        var start = new ProcessStartInfo("dotnet", [typeof(DeviceLife).Assembly.Location, "host", JsonSerializer.Serialize(order, HostJson.Default.HostOrder)])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["TieredPGO"] = "0";
        foreach (var (name, value) in unkind is null ? [] : disk.Environment(Data, log, Durable, unkind)) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
        var said = await output;
        var story = Read(log);
        if (process.ExitCode == 0) return story with { End = JsonSerializer.Deserialize(said, HostJson.Default.HostEnd), Output = said };
        return process.ExitCode == KilledBySignal && !deadline.IsCancellationRequested ? story : story with { Output = $"exit {process.ExitCode}: {said}{await errors}" };
    }

    public void Dispose() => _folder.Dispose();

    private void Note(UpdateRecord record) => UpdateJournal.Open(Path.Combine(Data, "update.json")).Save(record);

    private static LifeStory Read(string log)
    {
        List<UpdateState> states = [];
        List<DiskOperation> operations = [];
        foreach (var line in File.Exists(log) ? File.ReadAllLines(log) : [])
        {
            var words = line.Split(' ', 2);
            if (words[0] == "state") states.Add(Enum.Parse<UpdateState>(words[1]));
            else operations.Add(new DiskOperation(int.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture), states.LastOrDefault(), words[1]));
        }
        return new LifeStory(states, operations, null, "");
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
