using System.Data;
using System.Data.Common;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Devices;

/// <param name="Desired">The document that holds now; null where there is none or it was refused.</param>
/// <param name="IsNew">False where it was wanted already.</param>
/// <param name="Refusal">Why the device can't be told that, a sentence; null when it can.</param>
internal readonly record struct Wanted(TwinDesired? Desired, bool IsNew, string? Refusal);

/// <summary>
/// What one transaction wants of devices: columns of their rows, and an entry in the audit log for each change. Documents of a wave are nearly all the same,
/// so one that was just read or written is neither parsed nor written out again.
/// </summary>
internal sealed class DesiredTable(DbConnection connection, DateTimeOffset now) : IDisposable
{
    private readonly AuditInsert _audit = new(connection);
    private readonly List<(string Device, TwinWish Wish)> _changed = [];
    private PreparedCommand? _find;
    private PreparedCommand? _reported;
    private PreparedCommand? _set;
    private PreparedCommand? _label;
    private (string Json, TwinDesired Document) _read = ("", null!);
    private (TwinDesired? Document, byte[] Bytes, string Json) _written = (null, [], "");
    private DesiredConfiguration? _sound;

    /// <summary>In the order in which it was written.</summary>
    public IReadOnlyList<(string Device, TwinWish Wish)> Changed => _changed;

    /// <summary>The last desired document, whether the device has taken it yet or not; null before the first.</summary>
    public TwinDesired? Of(DeviceId device) => Find(device)?.Desired;

    /// <summary>Sets the desired model; wanting what is wanted already changes nothing.</summary>
    /// <param name="by">For the audit log.</param>
    /// <param name="again">It is to be tried once more though it was wanted already.</param>
    public Wanted Set(DeviceId device, DesiredModel model, string by, bool again = false)
    {
        if (Find(device) is not { } row) return Unknown(device);
        var next = DesiredRule.Model(row.Desired, model, again);
        if (next == row.Desired) return new Wanted(next, false, null);
        if (model.Stage == ModelStage.Shadow && StageRule.WhyNoShadow(Reported(device)) is { } reason) return new Wanted(null, false, $"{device} can't shadow: {reason}");
        var stage = model.Stage == ModelStage.Shadow ? " in shadow" : "";
        return Write(device, row.Labels, next, by, "device.model-desired", $"{model.Model.Name} {model.Model.Version}{stage} ({model.Model.Digest}), rollout {model.Rollout ?? "none"}");
    }

    /// <summary>Wants no model any more: the device keeps what is in charge and lets go of what is in shadow.</summary>
    /// <param name="by">For the audit log.</param>
    public Wanted LetGo(DeviceId device, string by) => Find(device) is not { Desired: { } desired } row ? Unknown(device)
        : desired.Model is not { } model ? new Wanted(desired, false, null)
        : Write(device, row.Labels, DesiredRule.NoModel(desired), by, "device.model-desired", $"none; lets go of {model.Model.Name} {model.Model.Version} ({model.Model.Digest})");

    /// <summary>Sets the desired configuration, idempotent like the model, which stays.</summary>
    /// <param name="configuration">Null: the device's own file alone.</param>
    /// <param name="by">For the audit log.</param>
    /// <param name="again">They are to be tried once more though they were wanted already.</param>
    public Wanted Set(DeviceId device, DesiredConfiguration? configuration, string by, bool again = false)
    {
        if (configuration is not null && !ReferenceEquals(configuration, _sound))
        {
            if (DesiredRule.WhyNoSettings(configuration) is { } mistake) return new Wanted(null, false, mistake);
            _sound = configuration;
        }
        if (Find(device) is not { } row) return Unknown(device);
        var next = DesiredRule.Configuration(row.Desired, configuration, again);
        if (next == row.Desired) return new Wanted(next, false, null);
        if (Reported(device) is not { Configuration: not null }) return new Wanted(null, false, $"{device} says nothing of its configuration, so its agent takes none from afar; update the agent first.");
        return Write(device, row.Labels, next, by, "device.configuration-desired", configuration is null ? "the device's own file" : $"{configuration.Digest}, rollout {configuration.Rollout ?? "none"}");
    }

    /// <summary>The same model under fresh download links, in a document of its own. Nothing happens when that version is no longer the desired one.</summary>
    public void Renew(DeviceId device, long version, Uri url, Uri chunks)
    {
        if (Find(device) is not { } row || DesiredRule.Renewed(row.Desired, version, url, chunks) is not { Model.Model: var model } next) return;
        Write(device, row.Labels, next, "fleet", "device.link-renewed", $"{model.Name} {model.Version} ({model.Digest})");
    }

    /// <summary>Sets the desired program of the agent, idempotent like the model.</summary>
    /// <param name="program">Null: none any more, and what runs stays.</param>
    /// <param name="by">For the audit log.</param>
    /// <param name="again">It is to be tried once more though it was wanted already.</param>
    public Wanted Set(DeviceId device, DesiredProgram? program, string by, bool again)
    {
        if (Find(device) is not { } row) return Unknown(device);
        if (program is null && row.Desired is null) return new Wanted(null, false, null);
        var next = DesiredRule.Program(row.Desired, program, again);
        if (next == row.Desired) return new Wanted(next, false, null);
        if (program is not null && Reported(device) is not { Program: not null }) return new Wanted(null, false, DesiredRule.WhyNoProgram(device));
        return Write(device, row.Labels, next, by, "device.program-desired", program is null ? "none" : $"{program.Version} ({program.Digest}){(next.Program!.Attempt > 0 ? $", attempt {next.Program.Attempt + 1}" : "")}");
    }

    /// <summary>The same program under a fresh link. Nothing happens when that version is no longer the desired one.</summary>
    public void RenewProgram(DeviceId device, long version, Uri url)
    {
        if (Find(device) is not { } row || DesiredRule.RenewedProgram(row.Desired, version, url) is not { Program: { } program } next) return;
        Write(device, row.Labels, next, "fleet", "device.link-renewed", $"program {program.Version} ({program.Digest})");
    }

    /// <returns>All labels of the device by now; null for one that nobody has heard from.</returns>
    public Dictionary<string, string>? Change(DeviceId device, LabelsChange change, string by)
    {
        if (Find(device) is not { } row) return null;
        var labels = new Dictionary<string, string>(JsonSerializer.Deserialize(row.Labels, ContractsJson.Default.IReadOnlyDictionaryStringString)!);
        foreach (var (key, value) in change.Labels)
        {
            if (value is null) labels.Remove(key);
            else labels[key] = value;
        }
        var json = JsonSerializer.Serialize(labels, ContractsJson.Default.IReadOnlyDictionaryStringString);
        (_label ??= new PreparedCommand(connection, "UPDATE devices SET labels = @labels WHERE id = @id", "labels", "id")).Run(json, device.Value);
        _audit.Add(now, by, "device.labelled", device.Value, string.Join(", ", change.Labels.Select(label => $"{label.Key}={label.Value}")));
        _changed.Add((device.Value, new TwinWish(row.Desired is null ? null : Written(row.Desired).Bytes, json)));
        return labels;
    }

    /// <summary>What the device said of itself last; null when it has not.</summary>
    public TwinReported? Reported(DeviceId device)
    {
        _reported ??= new PreparedCommand(connection, "SELECT reported FROM devices WHERE id = @id", "id");
        return _reported.With(device.Value).ExecuteScalar() is string json ? JsonSerializer.Deserialize(json, ContractsJson.Default.TwinReported) : null;
    }

    public void Dispose()
    {
        _audit.Dispose();
        _find?.Dispose();
        _reported?.Dispose();
        _set?.Dispose();
        _label?.Dispose();
    }

    private Wanted Write(DeviceId device, string labels, TwinDesired next, string by, string action, string detail)
    {
        var (_, bytes, json) = Written(next);
        _set ??= new PreparedCommand(connection, "UPDATE devices SET desired = @desired, desired_version = @version, trial = @trial WHERE id = @id", "desired", "version", "trial", "id");
        _set.Run(json, next.Version, TrialOf(next), device.Value);
        _audit.Add(now, by, action, device.Value, detail);
        _changed.Add((device.Value, new TwinWish(bytes, labels)));
        return new Wanted(next, true, null);
    }

    private Row? Find(DeviceId device)
    {
        _find ??= new PreparedCommand(connection, "SELECT labels, desired FROM devices WHERE id = @id", "id");
        using var reader = _find.With(device.Value).ExecuteReader(CommandBehavior.SingleRow);
        return reader.Read() ? new Row(reader.GetString(0), reader.IsDBNull(1) ? null : Read(reader.GetString(1))) : null;
    }

    private TwinDesired Read(string json)
    {
        if (_read.Json != json) _read = (json, JsonSerializer.Deserialize(json, ContractsJson.Default.TwinDesired) ?? throw new InvalidDataException("A desired document is null."));
        return _read.Document;
    }

    private (TwinDesired? Document, byte[] Bytes, string Json) Written(TwinDesired document)
    {
        if (_written.Document != document)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.TwinDesired);
            _written = (document, bytes, Encoding.UTF8.GetString(bytes));
        }
        return _written;
    }

    private static Wanted Unknown(DeviceId device) => new(null, false, $"The fleet has never heard from device '{device}', so it knows no topic to reach it.");

    /// <summary>The model a rollout has on trial on the device; null when none is.</summary>
    private static string? TrialOf(TwinDesired desired) =>
        desired.Model is { Rollout: not null } model && (model.CompareWithPrevious || model.Stage == ModelStage.Shadow) ? model.Model.Digest : null;

    private readonly record struct Row(string Labels, TwinDesired? Desired);
}
