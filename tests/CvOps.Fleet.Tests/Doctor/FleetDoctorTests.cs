using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Doctor;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Doctor;

/// <summary><c>cvops doctor</c>, the program, at a real fleet with a real broker.</summary>
[Trait("tier", "integration")]
public sealed class FleetDoctorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_fleet_fails_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        var (code, report) = await LookAsync(fleet);
        Assert.True(code == 0, DoctorText.Of(report));
        Assert.Equal(["fleet", "clock", "token", "broker", "broker's access", "broker's certificate", "certificate", "authority", "devices' certificates", "fleet's clock", "fleet's disk", "database", "accounts", "trusted keys", "model"],
            report.Findings.Select(finding => finding.Check));
        Assert.All(report.Findings, finding => Assert.Equal(finding.Level == CheckLevel.Ok, finding.Mend is null));
    }

    [Fact]
    public async Task A_stopped_broker_an_ended_certificate_and_a_model_that_is_none_are_each_named_with_what_mends_them()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using (var package = File.OpenRead(TestPackages.Write(fleet.InFolder("x.cvmodel"), fleet.SigningKey)))
        using (var content = new StreamContent(package)) (await fleet.Http.PostAsync("models", content, Ct)).EnsureSuccessStatusCode();
        await fleet.Broker.KillAsync();
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        using (var ended = fleet.Broker.Authority.Certify(DeviceRequest.Read(DeviceRequest.Make(new DeviceId("ended"), key)), TimeSpan.FromMilliseconds(1)))
        {
            await File.WriteAllTextAsync(fleet.Options.Key!, key.ExportPkcs8PrivateKeyPem(), Ct);
            await File.WriteAllTextAsync(fleet.Options.Certificate!, ended.ExportCertificatePem(), Ct);
        }
        var (code, report) = await LookAsync(fleet);
        Assert.Equal(1, code);
        Expect(report, "broker", "nothing listens", "systemctl start mosquitto");
        Expect(report, "certificate", "has ended", "replace");
        Expect(report, "model", "line 1", "cvops model revoke line@1");
    }

    [Fact]
    public async Task A_wrong_token_and_a_fleet_that_is_not_there_say_how_to_come_in()
    {
        await using var fleet = await FleetHost.StartAsync();
        var (code, report) = await LookAsync(fleet, token: "cvops_wrong_token_of_nobody");
        Assert.Equal(1, code);
        Expect(report, "token", "does not let anybody in", "cvops login");
        (code, report) = await LookAsync(fleet, address: $"http://127.0.0.1:{TestProcess.FreePort()}");
        Assert.Equal(1, code);
        Expect(report, "fleet", "No fleet answers", "cvops up");
        Assert.Single(report.Findings);
    }

    private static void Expect(DoctorReport report, string check, string found, string mend)
    {
        var finding = report.Findings.First(one => one.Check == check);
        Assert.Equal(CheckLevel.Fail, finding.Level);
        Assert.Contains(found, finding.Found, StringComparison.Ordinal);
        Assert.Contains(mend, finding.Mend, StringComparison.Ordinal);
    }

    private static async Task<(int Code, DoctorReport Report)> LookAsync(FleetHost fleet, string? token = null, string? address = null)
    {
        var environment = new Dictionary<string, string?> { ["CVOPS_TOKEN"] = token ?? fleet.LocalToken };
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops.dll"), ["doctor", "--json", "--fleet", address ?? fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)], environment);
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(60), Ct);
        return (code, JsonSerializer.Deserialize(process.Output, ContractsJson.Default.DoctorReport) ?? throw new InvalidOperationException(process.Output));
    }
}
