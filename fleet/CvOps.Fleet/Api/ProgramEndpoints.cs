using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Models;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Api;

/// <summary>The agent's programs: kept here, and given to devices one by one.</summary>
internal static class ProgramEndpoints
{
    public static void MapPrograms(this IEndpointRouteBuilder api)
    {
        api.MapGet("/programs", (ProgramStore programs, CancellationToken cancel) => programs.ListAsync(cancel));

        api.MapPost("/programs", async (HttpContext http, ProgramStore programs, CancellationToken cancel) =>
        {
            // The store counts the bytes itself while it takes them in.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            var outcome = await programs.RegisterAsync(http.Request.Body, By(http), cancel);
            return outcome switch
            {
                { Program: { } program } => Results.Created($"{ApiRoutes.Root}/programs/{program.Digest}/package", program),
                { Taken: true, Refusal: { } why } => Problems.Conflict(why),
                _ => Problems.Unprocessable(outcome.Refusal ?? "The package was refused."),
            };
        });

        api.MapGet("/programs/{digest}/package", async (string digest, string? token, HttpContext http, ProgramStore programs, ModelLinks links, CancellationToken cancel) =>
        {
            // Devices come with a signed link, people and programs as whom they are.
            if (!(token is null ? Principal.Of(http)?.May(Permission.Read) == true : links.Opens(digest, token)))
                return Results.Problem("The download link is missing its token, is for another program, or is over: the device gets a fresh one with its next desired twin.", statusCode: 403, title: "Not let in");
            return await programs.FindAsync(digest, cancel) is { } program
                ? Results.File(programs.PackagePath(program), "application/vnd.cvops.agent", $"cvops-agent-{program.Version}-{program.Runtime}.cvagent", enableRangeProcessing: true)
                : Problems.NotFound("program", digest);
        });

        api.MapPost("/devices/{id}/program", async (string id, ProgramOrder order, HttpContext http, DeviceDirectory devices, ProgramStore programs, ModelLinks links, DesiredTwins twins, CancellationToken cancel) =>
        {
            if (!Identifier.IsValid(id) || await devices.FindAsync(new DeviceId(id), cancel) is not { } device) return Problems.NotFound("device", id);
            DesiredProgram? wanted = null;
            if (order.Version is { } version)
            {
                if (device.Reported?.Program is not { } runs) return Problems.Unprocessable(DesiredRule.WhyNoProgram(device.Id));
                if (await programs.FindAsync(version, runs.Runtime, cancel) is not { } program) return Problems.Unprocessable($"The fleet keeps no program {version} for {runs.Runtime}, which {id} is: 'cvops agents push' brings one.");
                if (program.Lost) return Problems.Unprocessable($"The file of program {version} for {runs.Runtime} is gone; bring the same package again (cvops agents push).");
                wanted = new DesiredProgram(program.Version, program.Digest, links.ForProgram(program.Digest), program.Bytes);
            }
            var told = await twins.SetProgramAsync(device.Id, wanted, By(http), order.Again, cancel);
            return told is { } refusal ? Problems.Unprocessable(refusal) : Results.Ok(await devices.FindAsync(device.Id, cancel));
        });
    }

    private static string By(HttpContext http) => http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() ?? "api";
}
