using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <summary>A training run of CvOps as a tracked run, in the transaction that keeps the training run: parameters, seed, dataset, environment, and where its metrics stand.</summary>
internal static class TrainingRecord
{
    /// <summary>Parameters, or facts about the environment, that are shown; whatever a trainer says, its run goes on.</summary>
    private const int Most = TrackingLimits.KeysPerRun / 4;

    /// <summary>Part of the caller's transaction; as often as the run changes.</summary>
    public static void Put(DbConnection connection, TrainingRunView view)
    {
        var (run, request) = (view.Id, view.Request);
        connection.Execute(
            """
            INSERT INTO run (id, experiment, name, owner, status, started_at, ended_at, own) VALUES (@run, @experiment, @run, @By, @status, @started, @ended, 1)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at
            """,
            new
            {
                run, experiment = Experiments.Own, request.By, status = StatusOf(view.State).ToString(), started = SqlTime.Of(view.StartedAt ?? view.CreatedAt),
                ended = view.FinishedAt is { } finished ? SqlTime.Of(finished) : (long?)null,
            });
        RunWrites.SetParams(connection, run, Params(request));
        RunWrites.SetTags(connection, run, Tags(view));
        RunWrites.AddInputs(connection, run, [new RunDataset("snapshot", request.Dataset, "cvops", $"{ApiRoutes.Root}/datasets/{request.Dataset}", Context: "training")]);
        // An attempt from the beginning forgets what the one before measured.
        connection.Execute("DELETE FROM run_latest WHERE run = @run", new { run });
        connection.Execute(
            """
            INSERT INTO run_latest (run, key, step, at, value, nan) SELECT t.run, t.name, t.step, t.at, t.value, 0 FROM training_metric AS t
            WHERE t.run = @run AND t.step = (SELECT max(n.step) FROM training_metric AS n WHERE n.run = t.run AND n.name = t.name)
            """, new { run });
    }

    /// <summary>A run whose model the gate let pass, refused or could not tell of has trained to its end.</summary>
    private static RunStatus StatusOf(TrainingState state) => state switch
    {
        TrainingState.Queued => RunStatus.Scheduled,
        TrainingState.Failed => RunStatus.Failed,
        TrainingState.Cancelled => RunStatus.Killed,
        TrainingState.Passed or TrainingState.Refused or TrainingState.Inconclusive or TrainingState.Trained => RunStatus.Finished,
        _ => RunStatus.Running,
    };

    private static KeyText[] Params(TrainingRequest request)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["trainer"] = request.Trainer, ["seed"] = request.Seed.ToString(CultureInfo.InvariantCulture) };
        if (request.Trainer == "head") values["l2"] = request.L2.ToString("R", CultureInfo.InvariantCulture);
        foreach (var (name, value) in (request.Parameters ?? new Dictionary<string, JsonElement>()).Take(Most)) values[name] = value.ToString();
        return [.. values.Select(pair => new KeyText(pair.Key, Cut(pair.Value, TrackingLimits.ParamValue)))];
    }

    private static KeyText[] Tags(TrainingRunView view)
    {
        var values = new Dictionary<string, string?>
        {
            ["cvops.state"] = view.State.ToString(), ["cvops.reason"] = view.Reason, ["cvops.parent"] = view.Request.Parent, ["cvops.version"] = view.Request.Version, ["cvops.model"] = view.Model,
            ["cvops.search"] = view.Search, ["mlflow.user"] = view.Request.By, ["mlflow.source.name"] = $"cvops training {view.Request.Trainer}",
        };
        foreach (var (name, value) in (view.Environment ?? new Dictionary<string, string>()).Take(Most)) values[name == "code" ? RunComparing.Code : $"{RunComparing.Environment}{name}"] = value;
        return [.. values.Where(pair => pair.Value is not null).Select(pair => new KeyText(Cut(pair.Key, TrackingLimits.Key), Cut(pair.Value!, TrackingLimits.TagValue)))];
    }

    private static string Cut(string text, int most) => text.Length > most ? text[..most] : text;
}
