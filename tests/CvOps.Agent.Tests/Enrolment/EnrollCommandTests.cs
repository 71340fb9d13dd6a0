using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Agent.Configuration;
using CvOps.Agent.Enrolment;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Tests.Enrolment;

/// <summary>The command against a real HTTP server that answers as a fleet does, or as somebody in between.</summary>
public sealed class EnrollCommandTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;
    private readonly EnrolmentToken _token;
    private readonly byte[] _tokenKey;
    private readonly WebApplication _app;
    private Func<EnrolmentRequest, IResult> _answer;

    public EnrollCommandTests()
    {
        _authority = CertificateAuthority.Create(_folder["authority"]);
        _token = EnrolmentToken.Create(_authority.Certificate, out _tokenKey);
        _answer = request => Results.Json(Enrol(_authority, request), ContractsJson.Default.EnrolmentAnswer);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        _app = builder.Build();
        _app.MapPost($"{ApiRoutes.Root}/enrolment", (Delegate)(async (HttpContext http) => _answer((await http.Request.ReadFromJsonAsync(ContractsJson.Default.EnrolmentRequest))!)));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Configuration => _folder["agent.yaml"];

    private string Identity(string file) => _folder["data", "identity", file];

    public async ValueTask InitializeAsync() => await _app.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_configuration_without_a_link_gets_one_and_is_complete_then()
    {
        var trusted = Directory.CreateDirectory(_folder["keys"]).FullName;
        await File.WriteAllTextAsync(Configuration, $"""
            site: plant
            device: press-1
            data: '{_folder["data"]}'
            model:
              trusted-keys: '{trusted}'
            cameras:
              - id: cam-1
                url: http://127.0.0.1:9/none
            """, Token);
        EnrolmentRequest? asked = null;
        var answer = _answer;
        _answer = request => answer(asked = request);
        var (code, said) = await RunAsync();
        Assert.True(code == 0, said);
        Assert.Contains("Enrolled as press-1", said, StringComparison.Ordinal);
        var options = ConfigurationFile.Load(Configuration);
        Assert.Equal(["mqtts://broker.example:8883"], options.Link.Brokers);
        Assert.Equal((Identity("ca.pem"), Identity("device.pem"), Identity("device.key")), (options.Link.Ca, options.Link.Certificate, options.Link.Key));
        using var pair = X509Certificate2.CreateFromPemFile(options.Link.Certificate!, options.Link.Key!);
        Assert.Equal("CN=press-1", pair.Subject);
        // Neither the token's secret nor the device's key was sent.
        var key = await File.ReadAllTextAsync(options.Link.Key!, Token);
        Assert.DoesNotContain(_token.Text.Split('.')[1], $"{asked}", StringComparison.Ordinal);
        Assert.DoesNotContain(key.Split('\n')[1], asked!.Request, StringComparison.Ordinal);
        Assert.True(EnrolmentProof.Holds(_tokenKey, EnrolmentProof.ForToken(asked.Token, DeviceRequest.Read(asked.Request).Der), asked.Proof));

        var (second, refusal) = await RunAsync();
        Assert.Equal(1, second);
        Assert.Contains("add --again", refusal, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("--again")).Code);
        Assert.NotEqual(key, await File.ReadAllTextAsync(options.Link.Key!, Token));
    }

    [Fact]
    public async Task A_link_that_lacks_something_is_told_what_belongs_into_it()
    {
        await File.WriteAllTextAsync(Configuration, $"device: press-1\nlink:\n  ca: '{_folder["etc", "ca.pem"]}'\n  certificate: '{_folder["etc", "own.pem"]}'\n  key: '{_folder["etc", "own.key"]}'\n", Token);
        var (code, said) = await RunAsync();
        Assert.True(code == 0, said);
        Assert.Contains("brokers: ['mqtts://broker.example:8883']", said, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["etc", "own.key"]));
        Assert.Equal(78, (await RunAsync("--config", _folder["none", "agent.yaml"])).Code);
        Assert.Equal(78, (await RunAsync("--device", "press-9")).Code);
    }

    [Fact]
    public async Task Whoever_stands_in_between_gets_nothing_and_changes_nothing()
    {
        await File.WriteAllTextAsync(Configuration, $"device: press-1\ndata: '{_folder["data"]}'\nlink:\n  keep-alive-seconds: 20\n", Token);
        using var foreign = CertificateAuthority.Create(_folder["foreign"]);
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await SaysAsync("not the fleet that made this token", request => Json(Enrol(foreign, request)));
        await SaysAsync("does not come from this fleet's authority", request => Json(Enrol(foreign, request) with { Authority = _authority.Certificate.ExportCertificatePem() }));
        await SaysAsync("is for another key", request => Json(Enrol(_authority, request with { Request = DeviceRequest.Make(new DeviceId("press-1"), own) })));
        await SaysAsync("this device is 'press-1'", request => Json(Enrol(_authority, request, "press-2")));
        await SaysAsync("not as a fleet does", _ => Results.Text("<html>login</html>"));
        await SaysAsync("not as a fleet does", _ => Results.Text("{}", "application/json"));
        await SaysAsync("(302)", _ => Results.Redirect("http://elsewhere.example/"));
        await SaysAsync("Ask for a new one", _ => Results.Problem("Ask for a new one.", statusCode: 403));
        Assert.False(File.Exists(Identity("device.pem")) || File.Exists(Identity("device.key")) || File.Exists(Identity("ca.pem")));

        // An address without TLS is not believed.
        _answer = request => Json(Enrol(_authority, request) with { Brokers = ["mqtt://attacker.example:1883"] });
        var (code, said) = await RunAsync();
        Assert.True(code == 0, said);
        Assert.DoesNotContain("attacker", said, StringComparison.Ordinal);

        async Task SaysAsync(string part, Func<EnrolmentRequest, IResult> answer)
        {
            _answer = answer;
            var (refused, words) = await RunAsync();
            Assert.Equal(1, refused);
            Assert.Contains(part, words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_new_disk_counts_its_starts_on_from_what_the_fleet_knows()
    {
        await File.WriteAllTextAsync(Configuration, $"device: press-1\ndata: '{_folder["data"]}'\nspool:\n  folder: '{_folder["queue"]}'\nlink:\n  keep-alive-seconds: 20\n", Token);
        _answer = request => Json(Enrol(_authority, request) with { LowestBoot = long.MaxValue });
        var (refused, why) = await RunAsync();
        Assert.Equal(1, refused);
        Assert.Contains("Nothing was changed", why, StringComparison.Ordinal);
        Assert.False(File.Exists(Identity("device.pem")));

        _answer = request => Json(Enrol(_authority, request) with { LowestBoot = 38 });
        var (code, said) = await RunAsync();
        Assert.True(code == 0, said);
        Assert.Contains("has the number 38", said, StringComparison.Ordinal);
        Assert.Equal(38, BootCounter.Next(_folder["queue"]));
        // The same disk, enrolled again because its certificate had ended.
        Assert.Equal(0, (await RunAsync("--again")).Code);
        Assert.Equal(39, BootCounter.Next(_folder["queue"]));
    }

    [Fact]
    public async Task A_question_whose_answer_was_lost_is_asked_again_with_the_same_key()
    {
        await File.WriteAllTextAsync(Configuration, $"device: press-1\ndata: '{_folder["data"]}'\nlink:\n  keep-alive-seconds: 20\n", Token);
        var keys = new List<string>();
        var answer = _answer;
        _answer = request =>
        {
            keys.Add(DeviceRequest.Read(request.Request).KeyDigest);
            return keys.Count == 1 ? Results.StatusCode(502) : answer(request);
        };
        Assert.Equal(1, (await RunAsync()).Code);
        Assert.Equal(0, (await RunAsync()).Code);
        Assert.Equal(keys[0], keys[1]);
    }

    [Fact]
    public async Task What_root_writes_belongs_to_the_agents_user()
    {
        Skip.Unless(Environment.IsPrivilegedProcess, "only root gives files away");
        const string nobody = "65534:65534";
        Directory.CreateDirectory(_folder["data"]);
        await Says("chown", nobody, _folder["data"]);
        await File.WriteAllTextAsync(Configuration, $"device: press-1\ndata: '{_folder["data"]}'\nlink:\n  keep-alive-seconds: 20\n", Token);
        var (code, said) = await RunAsync();
        Assert.True(code == 0, said);
        foreach (var file in new[] { Identity("ca.pem"), Identity("device.pem"), Identity("device.key"), _folder["data", "identity"] }) Assert.Equal(nobody, await Says("stat", "-c", "%u:%g", file));

        static async Task<string> Says(string program, params string[] arguments)
        {
            await using var process = TestProcess.Start(program, arguments);
            Assert.Equal(0, await process.WaitForExitAsync(TimeSpan.FromSeconds(10), Token));
            return process.Output.Trim();
        }
    }

    [Fact]
    public async Task Every_mistake_of_the_command_line_is_told_at_once()
    {
        var problems = new StringWriter();
        Assert.Equal(78, await EnrollCommand.RunAsync(["--fleet", "nowhere", "--token", "x", "--what"], TextWriter.Null, problems));
        foreach (var part in new[] { "'nowhere' is no http", "no enrolment token", "'--what' is not understood" }) Assert.Contains(part, problems.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("--fleet", "http://127.0.0.1:9", "--device", "x", "--config", _folder["none.yaml"])).Code);
    }

    private static IResult Json(EnrolmentAnswer answer) => Results.Json(answer, ContractsJson.Default.EnrolmentAnswer);

    private static EnrolmentAnswer Enrol(CertificateAuthority authority, EnrolmentRequest asked, string? name = null)
    {
        var request = DeviceRequest.Read(asked.Request);
        using var certificate = authority.Certify(name is null ? request : request with { Device = new DeviceId(name) }, TimeSpan.FromDays(30));
        return new EnrolmentAnswer(certificate.ExportCertificatePem(), authority.Certificate.ExportCertificatePem(), ["mqtts://broker.example:8883"]);
    }

    /// <summary>What is given again wins over what is said first here.</summary>
    private async Task<(int Code, string Said)> RunAsync(params string[] more)
    {
        var said = new StringWriter();
        var code = await EnrollCommand.RunAsync(["--fleet", _app.Urls.First(), "--token", _token.Text, "--config", Configuration, .. more], said, said);
        return (code, said.ToString());
    }
}
