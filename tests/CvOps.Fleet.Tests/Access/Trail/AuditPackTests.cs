using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Tests.Rollouts;

namespace CvOps.Fleet.Tests.Access.Trail;

[Trait("tier", "integration")]
public sealed class AuditPackTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pack_says_who_approved_what_on_which_evidence_and_which_parts_the_model_inspected()
    {
        await using var line = await RolloutLine.StartAsync(1);
        var created = await line.CreateAsync(line.Plan(new RolloutRing("canary", 1) { Approval = true }) with { Soak = new Soak(0, 1000, 100_000) });
        await line.UntilAsync(RolloutState.AwaitingApproval);
        Assert.True((await line.ActAsync("approve", "late")).IsSuccessStatusCode);
        var device = line.Devices[0];
        await line.TakeOverAsync(device);
        await line.UntilAsync(RolloutState.Soaking);
        // After the rollout began, on a line's clock that is right.
        var now = DateTimeOffset.UtcNow.AddSeconds(5);
        for (var part = 0; part < 5; part++)
            await device.SendAsync(device.Inspection(part, part: $"part-{part}") with { Model = line.New, CapturedAt = now.AddSeconds(part) });
        // Of the model before: not in the pack.
        await device.SendAsync(device.Inspection(9, part: "another") with { Model = line.Old, CapturedAt = now });
        await FleetHost.UntilAsync(async () => (await line.Fleet.Http.GetStringAsync(new Uri("inspections?device=line-1", UriKind.Relative), Cancel)).Contains("\"another\"", StringComparison.Ordinal), "the parts are known");

        var files = await PackAsync(line.Fleet, "rollout=rollout-1");
        var manifest = One(files, "manifest.json", ContractsJson.Default.AuditPackManifest);
        Assert.Equal(["audit.jsonl", "inspections.jsonl", "model-history.json", "model.json", "parts.jsonl", "rollout.json"], manifest.Files.Keys.Order(StringComparer.Ordinal));
        Assert.All(manifest.Files, file => Assert.Equal(file.Value, Convert.ToHexStringLower(SHA256.HashData(files[file.Key]))));
        Assert.True(manifest.Chain.Whole, manifest.Chain.Says);
        Assert.Equal("rollout rollout-1", manifest.Subject);

        var entries = Lines(files, "audit.jsonl", ContractsJson.Default.AuditEntry);
        Assert.Contains(entries, entry => entry.By == "late" && entry.Subject == created.Id && entry.Detail.Contains("approve: a test", StringComparison.Ordinal));
        Assert.Contains(entries, entry => entry.Action == "model.registered" && entry.Subject == line.New.Digest);
        Assert.DoesNotContain(entries, entry => entry.Subject == line.Old.Digest);
        // As they stand in the log, so that each can be found there.
        var log = (await line.Fleet.Http.GetStringAsync(new Uri("audit/export", UriKind.Relative), Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(text => JsonSerializer.Deserialize(text, ContractsJson.Default.AuditEntry)!).ToArray();
        Assert.All(entries, entry => Assert.Contains(entry, log));
        Assert.True(AuditCheck.Of(log).Whole);
        Assert.Contains(log, entry => entry.Action == "audit.packed" && entry.Subject == "rollout-1");

        var rollout = One(files, "rollout.json", ContractsJson.Default.RolloutView);
        var approval = Assert.Single(rollout.History, step => step.Trigger.StartsWith("Approved", StringComparison.Ordinal));
        Assert.Equal("late", approval.By);
        Assert.NotNull(rollout.Evidence);
        var parts = Lines(files, "parts.jsonl", ContractsJson.Default.AuditPart);
        Assert.Equal(Enumerable.Range(0, 5).Select(part => $"part-{part}"), parts.Select(part => part.Part));
        var inspections = Assert.Single(Lines(files, "inspections.jsonl", ContractsJson.Default.AuditInspections));
        Assert.Equal(("line-1", 5L, "2"), (inspections.Device.Value, inspections.Inspections, inspections.Version));
        Assert.Equal((parts[0].At, parts[^1].At), (inspections.First, inspections.Last));

        // About the model: the same parts, and no rollout's file.
        var byModel = await PackAsync(line.Fleet, $"model={line.New.Digest}");
        Assert.DoesNotContain("rollout.json", byModel.Keys);
        Assert.Equal(files["parts.jsonl"], byModel["parts.jsonl"]);
        Assert.Equal(line.New, One(byModel, "model.json", ContractsJson.Default.ModelView).Model);
    }

    private static async Task<Dictionary<string, byte[]>> PackAsync(FleetHost fleet, string about)
    {
        await using var stream = new MemoryStream(await fleet.Http.GetByteArrayAsync(new Uri($"audit/pack?{about}", UriKind.Relative), Cancel));
        await using var zip = new ZipArchive(stream);
        var files = new Dictionary<string, byte[]>();
        foreach (var entry in zip.Entries)
        {
            using var bytes = new MemoryStream();
            await using var content = await entry.OpenAsync(Cancel);
            await content.CopyToAsync(bytes, Cancel);
            files[entry.FullName] = bytes.ToArray();
        }
        return files;
    }

    private static T One<T>(Dictionary<string, byte[]> files, string name, JsonTypeInfo<T> type) => Assert.Single(Lines(files, name, type));

    private static T[] Lines<T>(Dictionary<string, byte[]> files, string name, JsonTypeInfo<T> type) =>
        [.. Encoding.UTF8.GetString(files[name]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, type)!)];
}
