using System.Text.Json;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>Maps calls of MLflow's REST API to what answers them; what they refuse goes out in MLflow's form.</summary>
internal sealed class MlflowRoutes(IEndpointRouteBuilder group)
{
    /// <summary>Answers one call.</summary>
    /// <returns>A record of <see cref="MlflowJson"/>.</returns>
    public delegate Task<object> Answer(MlflowCall call, CancellationToken cancel);

    public void Get(string path, Answer answer) => Map("GET", path, answer);

    public void Post(string path, Answer answer) => Map("POST", path, answer);

    public void Patch(string path, Answer answer) => Map("PATCH", path, answer);

    public void Delete(string path, Answer answer) => Map("DELETE", path, answer);

    private void Map(string method, string path, Answer answer) => group.MapMethods(path, [method], (HttpContext http, CancellationToken cancel) =>
        GuardAsync(async () => Json(await answer(await MlflowCall.ReadAsync(http.Request, cancel), cancel))));

    /// <summary>Runs a call; a refusal becomes the answer.</summary>
    public static async Task<IResult> GuardAsync(Func<Task<IResult>> call)
    {
        try
        {
            return await call();
        }
        catch (TrackingException e)
        {
            return Refused(e);
        }
    }

    public static IResult Refused(TrackingException refusal)
    {
        var (code, status) = refusal.Error switch
        {
            TrackingError.ResourceDoesNotExist => ("RESOURCE_DOES_NOT_EXIST", 404),
            TrackingError.ResourceAlreadyExists => ("RESOURCE_ALREADY_EXISTS", 400),
            TrackingError.EndpointNotFound => ("ENDPOINT_NOT_FOUND", 404),
            TrackingError.NotImplemented => ("NOT_IMPLEMENTED", 501),
            _ => ("INVALID_PARAMETER_VALUE", 400),
        };
        return Json(new MlflowProblem(code, refusal.Message), status);
    }

    /// <summary>An answer of 401 or 403 as MLflow's clients read it.</summary>
    public static IResult NotAllowed(int status, string message) => Json(new MlflowProblem(status == 401 ? "UNAUTHENTICATED" : "PERMISSION_DENIED", message), status);

    public static IResult Json(object answer, int status = 200) => new JsonAnswer(JsonSerializer.SerializeToUtf8Bytes(answer, MlflowJson.Default.GetTypeInfo(answer.GetType())!), status);

    private sealed class JsonAnswer(byte[] body, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            (response.StatusCode, response.ContentType, response.ContentLength) = (status, "application/json", body.Length);
            return response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
        }
    }
}
