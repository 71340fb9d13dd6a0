using System.Collections.Concurrent;
using CvOps.Cli;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api.Catalog;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Cli;

/// <summary>Whatever the API can change, some command reaches: each is run against a real fleet, which writes down which endpoint was asked.</summary>
[Trait("tier", "integration")]
public sealed class ActionCoverageTests
{
    private const string Digest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    /// <summary>Operations that no command asks, each with its reason.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["enrol"] = "A device asks it: cvops-agent enroll.",
        ["changeOwnPassword"] = "Only a session of the pages may, which no token is; 'cvops account reset' makes a link for a new one.",
        ["confirmFactor"] = "'cvops account factor set-up' asks it when the fleet has made a secret, which it makes for an account alone.",
    };

    /// <summary>Operation, and a command line that asks it. @plan, @picture, @video, @yaml and @package are files; the fleet may refuse what it is asked.</summary>
    private static readonly (string Operation, string Line)[] Lines =
    [
        ("login", "login --name nobody"), ("setUpFactor", "account factor set-up"), ("renewRecoveryCodes", "account factor codes"), ("removeFactor", "account factor remove"), ("createAccount", "account add somebody viewer"), ("changeAccount", "account grant nobody viewer"), ("resetAccount", "account reset nobody"),
        ("createApiToken", "token add x"), ("revokeApiToken", "token revoke nothing"),
        ("acknowledgeAlert", "alerts ack nothing --why x"), ("setAlertRule", "alerts rules set device-offline --severity Info"), ("resetAlertRule", "alerts rules reset device-offline"),
        ("silenceAlerts", "alerts silence --select rule=drift --for 1h --why x"), ("endSilence", "alerts unsilence nothing"), ("setAlertChannel", "alerts channels set x --mqtt"), ("removeAlertChannel", "alerts channels remove x"), ("testAlertChannel", "alerts test x"),
        ("freezeDataset", "dataset snapshot x"), ("checkQuality", "dataset check"), ("decideFinding", "dataset accept nothing"),
        ("changeDeviceLabels", "devices label nothing a=b"), ("sendCommand", "devices command nothing ping"), ("setGroup", "group set x --select a=b"), ("removeGroup", "group remove x"), ("setShifts", "site shifts ulm early=06:00-14:00"),
        ("acceptDrift", "drift accept nothing top"),
        ("createToken", "device token create x"), ("revokeToken", "device token revoke nothing --reason x"), ("revokeDevice", "device revoke nothing --reason x"), ("releaseDevice", "device release nothing --reason x"),
        ("retryDeadLetter", "deadletters retry 1"), ("discardDeadLetter", "deadletters discard 1"),
        ("importFrame", "frames add @picture"), ("labelFrame", "frames label nothing ok"), ("importVideo", "frames import @video"), ("importDataset", "dataset import @picture"), ("synthesizeFrames", "dataset synthesize augment --count 1"), ("setLabelPolicy", "labels policy --annotators 1"),
        ("setRetention", "retention set --frames 30"), ("runRetention", "retention run"), ("eraseFrames", "frames erase --frame nothing --reason x"),
        ("registerModel", "model push @package"), ("revokeModel", "model revoke line@1 --reason x"), ("gateModel", $"model gate {Digest} --champion {Digest}"), ("setAlias", "model alias line@x --to line@1 --reason x"), ("addConfiguration", "configuration push @yaml"),
        ("addProgram", "agents push @package"), ("setDeviceProgram", "agents set nothing 1.0"),
        ("createRollout", "rollout start @plan"), ("checkPlan", "rollout plan @plan"), ("simulatePlan", "rollout simulate @plan"), ("stopAll", "rollout stop-all --reason x"), ("liftStop", "rollout lift-stop --reason x"),
        ("reviseRollout", "rollout revise nothing @plan"), ("judgeFrame", "rollout judge nothing nothing new"), ("startRollout", "rollout release nothing --reason x"), ("pauseRollout", "rollout pause nothing --reason x"), ("resumeRollout", "rollout resume nothing --reason x"),
        ("approveRollout", "rollout approve nothing --reason x"), ("retryRollout", "rollout retry nothing --reason x"), ("abortRollout", "rollout abort nothing --reason x"), ("rollbackRollout", "rollout rollback nothing --reason x"),
        ("startTraining", $"training start --dataset {Digest} --parent line@1 --new-version 2"), ("cancelTraining", "training cancel nothing"), ("setRetrainingPolicy", "retraining set line --labels 60"), ("removeRetrainingPolicy", "retraining remove line"), ("startRetraining", "retraining start line --reason x"),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_endpoint_that_changes_something_is_asked_by_a_command()
    {
        var asked = new ConcurrentDictionary<string, bool>();
        await using var fleet = await FleetHost.StartAsync(change: builder => builder.Services.AddSingleton<IStartupFilter>(new Recorder(asked)));
        var files = await FilesAsync(fleet);
        var address = fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var wrong = new List<string>();
        foreach (var (operation, line) in Lines)
        {
            asked.Clear();
            string[] words = [.. line.Split(' ').Select(word => word.StartsWith('@') ? files[word[1..]] : word), "--fleet", address, "--token", fleet.LocalToken];
            var parsed = CliRoot.Create().Parse(words);
            if (parsed.Errors.Count > 0) wrong.Add($"cvops {line}: {string.Join(' ', parsed.Errors.Select(error => error.Message))}");
            else if (operation is "login" or "setUpFactor" or "renewRecoveryCodes" or "removeFactor") await TellAsync(fleet, line);
            else await parsed.InvokeAsync(cancellationToken: Ct);
            if (!asked.ContainsKey(operation)) wrong.Add($"cvops {line} does not ask {operation}, but {string.Join(", ", asked.Keys)}");
        }
        Assert.Empty(wrong);

        var changing = ApiCatalog.All.Where(operation => operation.Method != "GET").Select(operation => operation.Id).ToArray();
        Assert.Empty(changing.Except(Lines.Select(line => line.Operation)).Except(Exceptions.Keys).Select(id => $"{id}: no command asks it; make one, and put its line into this table."));
        Assert.Empty(Lines.Select(line => line.Operation).Concat(Exceptions.Keys).Except(changing));
    }

    /// <summary>They read a password and a code, and so need a standard input of their own.</summary>
    private static async Task TellAsync(FleetHost fleet, string line)
    {
        await using var process = CliProgram.Start(fleet, line.Split(' '));
        await process.Input.WriteAsync("no such password\n\n");
        process.Input.Close();
        Assert.Equal(1, await process.WaitForExitAsync(TimeSpan.FromSeconds(60), Ct));
    }

    private static async Task<Dictionary<string, string>> FilesAsync(FleetHost fleet)
    {
        async Task<string> File(string name, string text)
        {
            await System.IO.File.WriteAllTextAsync(fleet.InFolder(name), text, Ct);
            return fleet.InFolder(name);
        }
        return new()
        {
            ["plan"] = await File("plan.yaml", "name: x\nmodel: line@1\neverything: true\nrings:\n- { name: all, percent: 100 }\n"), ["picture"] = await File("x.jpg", "no picture"), ["video"] = await File("x.mp4", "no video"),
            ["yaml"] = await File("x.yaml", "sampling: {}\n"), ["package"] = TestPackages.Write(fleet.InFolder("x.cvmodel"), fleet.SigningKey),
        };
    }

    private sealed class Recorder(ConcurrentDictionary<string, bool> asked) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext http, RequestDelegate on) =>
            {
                // Not after the answer: who asks may have read it and be gone by then.
                http.Response.OnStarting(() =>
                {
                    if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } pattern } && pattern.StartsWith(ApiRoutes.Root, StringComparison.Ordinal)
                        && ApiCatalog.Find(http.Request.Method, pattern[ApiRoutes.Root.Length..]) is { } operation) asked[operation.Id] = true;
                    return Task.CompletedTask;
                });
                return on(http);
            });
            next(app);
        };
    }
}
